//! Answers in other forms than JSON: the part of the graph that an answer shows as RDF, as a graph file or as a
//! drawing, and a flat answer as a table.
//!
//! A form is written from the part of the graph that a run visited ([`Subgraph`]), after the run and within the rest of
//! its budget. It takes time linear in that part of the graph, except drawings, whose size is limited. Its working
//! memory is the order of the facts, since facts are not copied.

mod body;
mod dot;
mod graphml;
mod iris;
mod jsonld;
mod rdf;
mod svg;
mod table;
mod value;

pub use body::FormError;
pub use iris::{EntityIris, path_segment};
pub use table::table;

use std::str::FromStr;

use body::Body;

use crate::budget::Budget;
use crate::exec::Subgraph;
use crate::graph::View;

/// A form of an answer that shows it as a graph or as a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// RDF as Turtle.
    Turtle,
    /// RDF as N-Triples.
    Ntriples,
    /// RDF as JSON-LD.
    Jsonld,
    /// A graph for yEd, Gephi, networkx.
    Graphml,
    /// A graph for Graphviz.
    Dot,
    /// A drawing.
    Svg,
    /// A table.
    Csv,
}

/// All forms, each with its media type and its letter in entity tags.
const FORMS: [(Form, &str, char); 7] = [
    (Form::Turtle, "text/turtle", 't'),
    (Form::Ntriples, "application/n-triples", 'n'),
    (Form::Jsonld, "application/ld+json", 'l'),
    (Form::Graphml, "application/graphml+xml", 'x'),
    (Form::Dot, "text/vnd.graphviz", 'd'),
    (Form::Svg, "image/svg+xml", 's'),
    (Form::Csv, "text/csv", 'c'),
];

impl Form {
    /// The media types of all forms.
    pub fn media_types() -> impl Iterator<Item = &'static str> {
        FORMS.iter().map(|(_, media, _)| *media)
    }

    fn entry(self) -> &'static (Form, &'static str, char) {
        &FORMS[self as usize]
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        self.entry().1
    }

    /// A letter that is unique among the forms.
    pub fn letter(self) -> char {
        self.entry().2
    }
}

impl FromStr for Form {
    type Err = ();

    /// The form of a media type in lower case.
    fn from_str(media: &str) -> Result<Self, ()> {
        let found = FORMS.iter().find(|(_, it, _)| *it == media);
        found.map(|(form, _, _)| *form).ok_or(())
    }
}

/// Writes the part of a graph that an answer shows, in addition to `held` bytes of working memory of the run.
///
/// # Errors
/// If the form cannot show the answer, for example a drawing of a large graph, or if the budget is used up.
pub fn write(
    form: Form,
    view: View,
    subgraph: &Subgraph,
    iris: &EntityIris,
    budget: Budget,
    held: usize,
) -> Result<Vec<u8>, FormError> {
    let mut body = Body::new(budget, held);
    match form {
        Form::Turtle => rdf::turtle(view, subgraph, iris, &mut body)?,
        Form::Ntriples => rdf::ntriples(view, subgraph, iris, &mut body)?,
        Form::Jsonld => jsonld::write(view, subgraph, iris, &mut body)?,
        Form::Graphml => graphml::write(view, subgraph, iris, &mut body)?,
        Form::Dot => dot::write(view, subgraph, iris, &mut body)?,
        Form::Svg => svg::write(view, subgraph, &mut body)?,
        // A table is made from the answer itself.
        Form::Csv => {
            let message = "a table is made from the answer, not from the graph";
            return Err(FormError::Refused(message.to_owned()));
        }
    }
    Ok(body.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_found_by_its_media_type() {
        for (at, (form, media, _)) in FORMS.iter().enumerate() {
            assert_eq!(*form as usize, at);
            assert_eq!(media.parse(), Ok(*form));
            assert_eq!(form.media_type(), *media);
        }
    }
}
