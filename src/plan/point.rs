//! Points, distances from them and bounds that a request gives.

use super::input::{Given, InputError};
use crate::ontology::{Bounds, Point};
use crate::report::{shown, shown_as};
use crate::surface::inputs::{Nearness, Sides};

type Read<T> = std::result::Result<T, InputError>;

/// The forms of a point.
const FORM: &str = "a point is `{lat: 48.2, lon: 16.4}`, in degrees, or a `Point` of GeoJSON";

/// Reads a point.
///
/// # Errors
/// With what is wrong with it; the place is yet to be said.
pub(super) fn point(given: Given) -> Read<Point> {
    read(given).map_err(InputError::request)
}

/// The position in a list of the first value that is not a point.
pub(super) fn first_wrong(list: Given) -> Option<usize> {
    let mut items = list.items()?;
    items.position(|it| !it.is_null() && read(it).is_err())
}

fn read(given: Given) -> std::result::Result<Point, String> {
    let Some(fields) = given.fields() else {
        return Err(format!("is {}, and {FORM}", repeated(given)));
    };
    if let Some((name, variable)) = given.absent() {
        return Err(format!(
            "has as \"{}\" the variable `${variable}`, which was not given: give it a value",
            shown(name)
        ));
    }
    let is_geojson = given.get("coordinates").is_some();
    for (name, value) in fields {
        let is_known = match name {
            "lat" | "lon" => !is_geojson,
            "type" if is_geojson && value.as_str() != Some("Point") => {
                return Err(format!("has the type {}, and {FORM}", repeated(value)));
            }
            "type" | "coordinates" => is_geojson,
            _ => false,
        };
        if !is_known {
            return Err(format!("has a field \"{}\", and {FORM}", shown(name)));
        }
    }
    let (lat, lon) = if is_geojson {
        if given.get("type").is_none() {
            return Err(format!("lacks \"type\": {FORM}"));
        }
        let mut items = given.get("coordinates").and_then(Given::items);
        match items.as_mut().map(|it| (it.len(), it.next(), it.next())) {
            Some((2, lon, lat)) => (lat, lon),
            _ => return Err(format!("does not have two \"coordinates\": {FORM}")),
        }
    } else {
        (given.get("lat"), given.get("lon"))
    };
    let degrees = |name: &str, given: Option<Given>| {
        let given = given.ok_or_else(|| format!("lacks \"{name}\": {FORM}"))?;
        given
            .as_f64()
            .ok_or_else(|| format!("has as \"{name}\" {}, and degrees are a number", repeated(given)))
    };
    let (lat, lon) = (degrees("lat", lat)?, degrees("lon", lon)?);
    Point::new(lat, lon).map_err(|error| format!("is not on Earth: {error}: {}", error.hint(lat, lon)))
}

/// A value as a message repeats it.
fn repeated(given: Given) -> String {
    match given.as_str() {
        Some(text) => format!("\"{}\"", shown(text)),
        None => shown_as(given),
    }
}

/// Reads a point and the distance from it in kilometres.
///
/// # Errors
/// With what is wrong with it, and where in it.
pub(super) fn near(given: Given) -> Read<(Point, f64)> {
    let of = |field: Nearness| given.get(field.name()).unwrap_or(Given::NULL);
    let from = point(of(Nearness::Point)).map_err(|error| error.at(Nearness::Point.name()))?;
    let given = of(Nearness::Km);
    let kilometres = given.as_f64().filter(|it| *it >= 0.0).ok_or_else(|| {
        let why = format!("is {}: a distance is 0 or more kilometres", repeated(given));
        InputError::placed(Nearness::Km.name(), why)
    })?;
    Ok((from, kilometres))
}

/// Reads bounds.
///
/// # Errors
/// With what is wrong with them, and where in them.
pub(super) fn bounds(given: Given) -> Read<Bounds> {
    let degrees = |side: Sides, most: f64| {
        let given = given.get(side.name()).unwrap_or(Given::NULL);
        let is_allowed = |it: &f64| (-most..=most).contains(it);
        given.as_f64().filter(is_allowed).ok_or_else(|| {
            let why = format!("is {}: it goes from -{most} to {most} degrees", repeated(given));
            InputError::placed(side.name(), why)
        })
    };
    let bounds = Bounds {
        south: degrees(Sides::South, 90.0)?,
        west: degrees(Sides::West, 180.0)?,
        north: degrees(Sides::North, 90.0)?,
        east: degrees(Sides::East, 180.0)?,
    };
    if bounds.south > bounds.north {
        let why = format!(
            "has `south` {} and `north` {}, with nothing between them: only `west` may be greater than `east`",
            bounds.south, bounds.north
        );
        return Err(InputError::field(why));
    }
    Ok(bounds)
}
