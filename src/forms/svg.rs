//! A drawing with layers from left to right, so that the labels of a layer are below each other. `rust-sugiyama`
//! computes the positions.

use petgraph::Direction;
use petgraph::Graph;
use petgraph::algo::{greedy_feedback_arc_set, is_cyclic_directed, toposort};
use petgraph::graph::NodeIndex;
use petgraph::stable_graph::StableDiGraph;
use petgraph::visit::{EdgeRef, IntoEdgeReferences};
use quick_xml::Writer;
use quick_xml::events::BytesText;
use rust_sugiyama::configure::{Config, RankingType};

use super::body::{Body, FormError};
use super::dot::labelled;
use super::value::for_xml;
use crate::exec::Subgraph;
use crate::graph::View;

/// Larger drawings would be unreadable, and their layout would take too long.
const MOST: usize = 1000;
/// Maximum number of layer crossings, since the layout takes time and memory for each one.
const MOST_CROSSED: usize = 10_000;
/// Bytes that the layout takes for each entity, each edge and each layer crossing.
const LAYOUT: usize = 512;
/// Maximum number of characters of a label; longer ones are cut.
const LONGEST: usize = 42;
const HEIGHT: f64 = 26.0;
const CHARACTER: f64 = 7.0;
const LAYER_GAP: f64 = 110.0;
const ROW_GAP: f64 = 12.0;
const MARGIN: f64 = 16.0;
const STYLE: &str = "text{font:12px system-ui,sans-serif;fill:#1b1f24;text-anchor:middle;dominant-baseline:central}\
.edge text{font-size:10px;fill:#57606a;paint-order:stroke;stroke:#fff;stroke-width:3px}\
rect{fill:#f6f8fa;stroke:#57606a}path{fill:none;stroke:#8c959f}marker path{fill:#8c959f;stroke:none}";

/// Position of an entity: the center of its box, and the width.
#[derive(Clone, Copy, Default)]
struct Place {
    x: f64,
    y: f64,
    width: f64,
}

pub(super) fn write(view: View, subgraph: &Subgraph, body: &mut Body) -> Result<(), FormError> {
    let (entities, edges) = (subgraph.entities.len(), subgraph.edges.len());
    if entities > MOST || edges > MOST {
        return Err(FormError::Refused(format!(
            "the answer shows {entities} entities and {edges} edges, and a drawing may have {MOST} of each: ask for less, or for another form"
        )));
    }
    let graph = labelled(view, subgraph, body)?;
    let labels: Vec<String> = graph.node_weights().map(|it| shorten(it)).collect();
    let simple = simplify(&graph);
    let crossed = crossed_layers(&simple);
    if crossed > MOST_CROSSED {
        return Err(FormError::Refused(format!(
            "the edges of the drawing would cross {crossed} layers together, and may cross {MOST_CROSSED}: ask for less, or for another form"
        )));
    }
    body.hold((entities + edges + crossed) * LAYOUT)?;
    body.budget().clock.check()?;
    let places = places(&simple, &labels);
    body.budget().clock.check()?;
    draw(view, subgraph, &graph, &labels, places, body).map_err(|error| body.failed(error))
}

fn draw(
    view: View,
    subgraph: &Subgraph,
    graph: &Graph<&str, &str>,
    labels: &[String],
    (places, width, height): (Vec<Place>, f64, f64),
    body: &mut Body,
) -> WriteResult {
    let mut writer = Writer::new(body);
    let view_box = format!("0 0 {width:.0} {height:.0}");
    let (width, height) = (format!("{width:.0}"), format!("{height:.0}"));
    writer
        .create_element("svg")
        .with_attribute(("xmlns", "http://www.w3.org/2000/svg"))
        .with_attribute(("width", width.as_str()))
        .with_attribute(("height", height.as_str()))
        .with_attribute(("viewBox", view_box.as_str()))
        .write_inner_content(|writer| {
            writer
                .create_element("style")
                .write_text_content(BytesText::new(STYLE))?;
            marker(writer)?;
            for edge in graph.edge_references() {
                let ends = (places[edge.source().index()], places[edge.target().index()]);
                draw_edge(writer, ends, edge.weight())?;
            }
            for (place, (no, label)) in places.iter().zip(labels.iter().enumerate()) {
                let row = view.locate(subgraph.entities[no].0);
                let type_name = &view.ontology().entity_type(row.type_id).name;
                let title = for_xml(&format!("{type_name}: {}", graph[NodeIndex::new(no)]));
                draw_entity(writer, *place, label, &title)?;
            }
            Ok(())
        })?;
    Ok(())
}

fn shorten(label: &str) -> String {
    let clean = |it: char| if it.is_control() { ' ' } else { it };
    let has_more = label.chars().nth(LONGEST).is_some();
    let kept = if has_more { LONGEST - 1 } else { LONGEST };
    let start: String = label.chars().take(kept).collect();
    let start = for_xml(&start).chars().map(clean).collect::<String>();
    if has_more { start + "…" } else { start }
}

/// The entities and the edges between them, without loops and parallel edges, which do not affect the layout.
fn simplify(graph: &Graph<&str, &str>) -> StableDiGraph<(), ()> {
    let mut simple = StableDiGraph::with_capacity(graph.node_count(), graph.edge_count());
    for _ in graph.node_indices() {
        simple.add_node(());
    }
    for edge in graph.edge_references() {
        if edge.source() != edge.target() {
            simple.update_edge(edge.source(), edge.target(), ());
        }
    }
    simple
}

/// The number of layers that edges cross between their ends. Layers are computed as in `rust-sugiyama`: it reverses
/// some edges of cycles, then puts an entity in the first layer after all its predecessors. Each layer crossing needs a
/// dummy node.
fn crossed_layers(simple: &StableDiGraph<(), ()>) -> usize {
    let mut acyclic = simple.clone();
    if is_cyclic_directed(simple) {
        for edge in greedy_feedback_arc_set(simple) {
            acyclic.remove_edge(edge.id());
            acyclic.add_edge(edge.target(), edge.source(), ());
        }
    }
    let mut layers = vec![0_usize; simple.node_count()];
    // The graph has no cycles any more.
    for node in toposort(&acyclic, None).unwrap_or_default() {
        let before = acyclic.neighbors_directed(node, Direction::Incoming);
        layers[node.index()] = before.map(|it| layers[it.index()] + 1).max().unwrap_or(0);
    }
    let ends = acyclic.edge_references();
    ends.map(|it| layers[it.target().index()].abs_diff(layers[it.source().index()]))
        .map(|layers| layers.saturating_sub(1))
        .sum()
}

/// Places the entities, component below component. Returns the places, and the width and height of the drawing.
fn places(simple: &StableDiGraph<(), ()>, labels: &[String]) -> (Vec<Place>, f64, f64) {
    let width = |no: usize| labels[no].chars().count() as f64 * CHARACTER + 20.0;
    let config = Config {
        vertex_spacing: ROW_GAP,
        // With the default settings, the layout of the largest allowed graphs takes too long.
        ranking_type: RankingType::Up,
        transpose: false,
        ..Config::default()
    };
    // Its layers go downwards and those of the drawing to the right, so width and height are exchanged.
    let size = |index: NodeIndex, (): &()| (HEIGHT, width(index.index()) + LAYER_GAP);
    let mut places: Vec<Place> = (0..labels.len())
        .map(|no| Place {
            width: width(no),
            ..Place::default()
        })
        .collect();
    let (mut right, mut below) = (0.0_f64, MARGIN);
    for (component, _, _) in rust_sugiyama::from_graph(simple, &size, &config) {
        let least = |axis: fn(&(f64, f64)) -> f64| {
            component
                .iter()
                .map(|(_, it)| axis(it))
                .fold(f64::INFINITY, f64::min)
        };
        let (top, left) = (
            least(|it| it.0),
            component
                .iter()
                .map(|(index, at)| at.1 - places[index.index()].width / 2.0)
                .fold(f64::INFINITY, f64::min),
        );
        let mut bottom = below;
        for (index, (across, along)) in &component {
            let place = &mut places[index.index()];
            place.x = along - left + MARGIN;
            place.y = across - top + below + HEIGHT / 2.0;
            bottom = bottom.max(place.y + HEIGHT / 2.0);
            right = right.max(place.x + place.width / 2.0);
        }
        below = bottom + ROW_GAP;
    }
    (places, right + MARGIN, below + MARGIN - ROW_GAP)
}

type WriteResult = std::io::Result<()>;

fn marker(writer: &mut Writer<&mut Body>) -> WriteResult {
    writer
        .create_element("marker")
        .with_attributes([
            ("id", "end"),
            ("viewBox", "0 0 8 8"),
            ("refX", "8"),
            ("refY", "4"),
        ])
        .with_attributes([("markerWidth", "8"), ("markerHeight", "8"), ("orient", "auto")])
        .write_inner_content(|writer| {
            writer
                .create_element("path")
                .with_attribute(("d", "M0 0L8 4L0 8z"))
                .write_empty()?;
            Ok(())
        })?;
    Ok(())
}

fn draw_edge(writer: &mut Writer<&mut Body>, (from, to): (Place, Place), label: &str) -> WriteResult {
    // From border to border in either direction; within a layer, an arc on the right side.
    let way = if (to.x - from.x).abs() < 1.0 {
        0.0
    } else {
        (to.x - from.x).signum()
    };
    let (start, end) = if way == 0.0 {
        (from.x + from.width / 2.0, to.x + to.width / 2.0)
    } else {
        (from.x + way * from.width / 2.0, to.x - way * to.width / 2.0)
    };
    let bend = if way == 0.0 {
        40.0
    } else {
        (end - start).abs().max(60.0) / 2.0
    };
    let (first, second) = if way == 0.0 {
        (start + bend, end + bend)
    } else {
        (start + way * bend, end - way * bend)
    };
    // A loop starts and ends at different heights.
    let gap = if from.x == to.x && from.y == to.y {
        HEIGHT / 3.0
    } else {
        0.0
    };
    let (y1, y2) = (from.y - gap, to.y + gap);
    let d = format!("M{start:.1} {y1:.1}C{first:.1} {y1:.1} {second:.1} {y2:.1} {end:.1} {y2:.1}");
    let x = format!("{:.1}", (start + 3.0 * first + 3.0 * second + end) / 8.0);
    let y = format!("{:.1}", f64::midpoint(y1, y2));
    writer
        .create_element("g")
        .with_attribute(("class", "edge"))
        .write_inner_content(|writer| {
            writer
                .create_element("path")
                .with_attributes([("d", d.as_str()), ("marker-end", "url(#end)")])
                .write_empty()?;
            writer
                .create_element("text")
                .with_attributes([("x", x.as_str()), ("y", y.as_str())])
                .write_text_content(BytesText::new(label))?;
            Ok(())
        })?;
    Ok(())
}

fn draw_entity(writer: &mut Writer<&mut Body>, place: Place, label: &str, title: &str) -> WriteResult {
    let number = |it: f64| format!("{it:.1}");
    writer
        .create_element("g")
        .with_attribute(("class", "entity"))
        .write_inner_content(|writer| {
            writer
                .create_element("title")
                .write_text_content(BytesText::new(title))?;
            writer
                .create_element("rect")
                .with_attribute(("x", number(place.x - place.width / 2.0).as_str()))
                .with_attribute(("y", number(place.y - HEIGHT / 2.0).as_str()))
                .with_attribute(("width", number(place.width).as_str()))
                .with_attribute(("height", number(HEIGHT).as_str()))
                .with_attribute(("rx", "5"))
                .write_empty()?;
            writer
                .create_element("text")
                .with_attribute(("x", number(place.x).as_str()))
                .with_attribute(("y", number(place.y).as_str()))
                .write_text_content(BytesText::new(label))?;
            Ok(())
        })?;
    Ok(())
}
