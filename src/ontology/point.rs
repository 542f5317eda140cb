//! Points on Earth: latitude and longitude in degrees (WGS 84).

use std::cmp::Ordering;

/// The mean radius of the Earth in kilometres, by which distances are computed (IUGG).
const RADIUS: f64 = 6371.0088;

/// A point by its latitude and longitude, both as they were given.
///
/// Points are compared by the place that they name: the longitudes 180 and -180 are the same, and a pole has one place,
/// whatever its longitude. They have an order, from south to north and then from west to east, so that they can be sorted.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    lat: f64,
    lon: f64,
}

/// Why two numbers are no point.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum PointError {
    /// The latitude is out of range.
    #[error("the latitude {0} is not between -90 and 90")]
    Latitude(f64),
    /// The longitude is out of range.
    #[error("the longitude {0} is not between -180 and 180")]
    Longitude(f64),
}

impl PointError {
    /// How to fix the point, given both numbers.
    pub fn hint(self, lat: f64, lon: f64) -> String {
        match self {
            PointError::Latitude(_) if Point::new(lon, lat).is_ok() => {
                "perhaps latitude and longitude are the wrong way round".to_owned()
            }
            PointError::Longitude(_) if (180.0..=360.0).contains(&lon) => {
                "degrees west of Greenwich are negative".to_owned()
            }
            _ => "latitudes go from -90 to 90 degrees, longitudes from -180 to 180".to_owned(),
        }
    }
}

impl Point {
    /// A point by its degrees.
    ///
    /// # Errors
    /// When one of them is out of range or not a number.
    pub fn new(lat: f64, lon: f64) -> Result<Self, PointError> {
        if !(-90.0..=90.0).contains(&lat) {
            return Err(PointError::Latitude(lat));
        }
        if !(-180.0..=180.0).contains(&lon) {
            return Err(PointError::Longitude(lon));
        }
        // Minus zero is zero.
        Ok(Self {
            lat: lat + 0.0,
            lon: lon + 0.0,
        })
    }

    /// Degrees north of the equator, negative to the south.
    pub fn lat(self) -> f64 {
        self.lat
    }

    /// Degrees east of Greenwich, negative to the west.
    pub fn lon(self) -> f64 {
        self.lon
    }

    /// Latitude and longitude, the same for all points of one place.
    pub fn place(self) -> (f64, f64) {
        let lon = match self.lon {
            _ if self.lat.abs() == 90.0 => 0.0,
            180.0 => -180.0,
            lon => lon,
        };
        (self.lat, lon)
    }

    /// The distance to another point in kilometres, along the surface of a sphere (haversine formula).
    pub fn distance(self, other: Self) -> f64 {
        let ((lat, lon), (other_lat, other_lon)) = (self.place(), other.place());
        let half_sine = |degrees: f64| (degrees.to_radians() / 2.0).sin();
        let (north, east) = (half_sine(other_lat - lat), half_sine(other_lon - lon));
        let cosines = lat.to_radians().cos() * other_lat.to_radians().cos();
        let haversine = north * north + cosines * east * east;
        // Rounding may take it above 1 where the points are opposite to each other.
        2.0 * RADIUS * haversine.min(1.0).sqrt().asin()
    }

    /// Whether the difference of latitudes alone makes another point farther away than a number of kilometres. Much cheaper
    /// than the distance.
    pub fn is_beyond(self, other: Self, kilometres: f64) -> bool {
        // Rounding must not exclude a point at exactly this distance.
        let least = (self.lat - other.lat).abs().to_radians() * RADIUS;
        least > kilometres * (1.0 + 1e-9) + 1e-9
    }
}

impl PartialEq for Point {
    fn eq(&self, other: &Self) -> bool {
        self.place() == other.place()
    }
}

impl Eq for Point {}

impl PartialOrd for Point {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Point {
    fn cmp(&self, other: &Self) -> Ordering {
        let ((lat, lon), (other_lat, other_lon)) = (self.place(), other.place());
        lat.total_cmp(&other_lat).then(lon.total_cmp(&other_lon))
    }
}

/// A part of the Earth between two parallels and two meridians, borders included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The least latitude.
    pub south: f64,
    /// The longitude at which it begins.
    pub west: f64,
    /// The greatest latitude.
    pub north: f64,
    /// The longitude at which it ends, going east; less than `west` where it crosses the antimeridian.
    pub east: f64,
}

impl Bounds {
    /// Whether a point is in it. A pole is on every meridian.
    pub fn contains(&self, point: Point) -> bool {
        let (lat, lon) = (point.lat, point.lon);
        if !(self.south..=self.north).contains(&lat) {
            return false;
        }
        let has = |lon: f64| {
            if self.west <= self.east {
                (self.west..=self.east).contains(&lon)
            } else {
                lon >= self.west || lon <= self.east
            }
        };
        lat.abs() == 90.0 || has(lon) || (lon.abs() == 180.0 && has(-lon))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn point(lat: f64, lon: f64) -> Point {
        Point::new(lat, lon).unwrap()
    }

    /// The angle between two vectors from the centre of the Earth: another formula for the same distance.
    fn by_vectors(a: Point, b: Point) -> f64 {
        let vector = |it: Point| {
            let (lat, lon) = (it.lat.to_radians(), it.lon.to_radians());
            [lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()]
        };
        let (a, b) = (vector(a), vector(b));
        let minor = |i: usize, j: usize| a[i] * b[j] - a[j] * b[i];
        let sine = minor(0, 1).hypot(minor(1, 2)).hypot(minor(2, 0));
        let cosine: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
        sine.atan2(cosine) * RADIUS
    }

    fn points() -> impl Strategy<Value = Point> {
        let lat = prop_oneof![
            4 => -90.0..=90.0_f64,
            1 => prop::sample::select(vec![-90.0, -89.999_999, 0.0, 89.999_999, 90.0]),
        ];
        let lon = prop_oneof![
            4 => -180.0..=180.0_f64,
            1 => prop::sample::select(vec![-180.0, -179.999_999, 0.0, 179.999_999, 180.0]),
        ];
        (lat, lon).prop_map(|(lat, lon)| point(lat, lon))
    }

    #[test]
    fn known_distances() {
        let quarter = std::f64::consts::FRAC_PI_2 * RADIUS;
        for (a, b, expected) in [
            ((0.0, 0.0), (0.0, 90.0), quarter),
            ((0.0, 0.0), (90.0, -123.0), quarter),
            ((90.0, 0.0), (-90.0, 77.0), 2.0 * quarter),
            ((0.0, 179.0), (0.0, -179.0), quarter / 45.0),
            ((89.0, 0.0), (89.0, 180.0), quarter / 45.0),
            ((48.2, 16.4), (48.2, 16.4), 0.0),
            ((10.0, 180.0), (10.0, -180.0), 0.0),
            ((90.0, 12.0), (90.0, -150.0), 0.0),
        ] {
            let distance = point(a.0, a.1).distance(point(b.0, b.1));
            assert!((distance - expected).abs() < 1e-9, "{a:?} {b:?}: {distance}");
        }
    }

    #[test]
    fn places_have_several_points() {
        assert_eq!(point(10.0, 180.0), point(10.0, -180.0));
        assert_eq!(point(90.0, 10.0), point(90.0, 20.0));
        assert_ne!(point(90.0, 10.0), point(-90.0, 10.0));
        assert_ne!(point(0.0, 10.0), point(0.0, -10.0));
        assert_eq!(point(-0.0, -0.0), point(0.0, 0.0));
    }

    #[test]
    fn degrees_out_of_range_are_no_point() {
        for (lat, lon) in [(90.1, 0.0), (-91.0, 0.0), (f64::NAN, 0.0), (f64::INFINITY, 0.0)] {
            assert!(matches!(Point::new(lat, lon), Err(PointError::Latitude(_))));
        }
        for (lat, lon) in [(0.0, 180.1), (0.0, -181.0), (0.0, f64::NAN)] {
            assert!(matches!(Point::new(lat, lon), Err(PointError::Longitude(_))));
        }
    }

    #[test]
    fn bounds_cross_the_antimeridian() {
        let bounds = |south, west, north, east| Bounds {
            south,
            west,
            north,
            east,
        };
        for (bounds, inside, outside) in [
            (
                bounds(-10.0, 170.0, 10.0, -170.0),
                vec![(0.0, 180.0), (0.0, -180.0), (10.0, 170.0), (0.0, -170.0)],
                vec![(0.0, 169.0), (0.0, -169.0), (0.0, 0.0), (11.0, 180.0)],
            ),
            (
                bounds(-10.0, 170.0, 10.0, 180.0),
                vec![(0.0, 180.0), (0.0, -180.0), (0.0, 175.0)],
                vec![(0.0, -175.0)],
            ),
            (
                bounds(-10.0, 180.0, 10.0, -180.0),
                vec![(0.0, 180.0), (0.0, -180.0)],
                vec![(0.0, 179.0), (0.0, 0.0)],
            ),
            (
                bounds(80.0, 0.0, 90.0, 10.0),
                vec![(90.0, 100.0), (85.0, 5.0)],
                vec![(89.9, 100.0), (-90.0, 5.0)],
            ),
        ] {
            for (lat, lon) in inside {
                assert!(bounds.contains(point(lat, lon)), "{bounds:?} {lat} {lon}");
            }
            for (lat, lon) in outside {
                assert!(!bounds.contains(point(lat, lon)), "{bounds:?} {lat} {lon}");
            }
        }
    }

    proptest! {
        #[test]
        fn distances_are_those_of_another_formula(a in points(), b in points()) {
            let (distance, expected) = (a.distance(b), by_vectors(a, b));
            // If the points are nearly opposite to each other, the haversine is accurate to about 10 cm.
            prop_assert!((distance - expected).abs() < 1e-3, "{:?} {:?}: {} {}", a, b, distance, expected);
            prop_assert_eq!(distance, b.distance(a));
            prop_assert!(!a.is_beyond(b, distance), "{:?} {:?}", a, b);
        }

        #[test]
        fn the_order_of_points_agrees_with_their_equality(a in points(), b in points()) {
            prop_assert_eq!(a == b, a.cmp(&b).is_eq());
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        }
    }
}
