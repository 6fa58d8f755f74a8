// Distances: great circle on the sphere, or the plane.
//
// Source: haversine formula (R. W. Sinnott, "Virtues of the haversine", Sky and Telescope 68,
// 1984).
#pragma once

#include <algorithm>
#include <cmath>

namespace libmatch {

inline constexpr double earth_radius_km = 6371.0088;  ///< mean radius, IUGG

/// Latitude and longitude in degrees.
struct LatLon {
    double lat = 0;
    double lon = 0;
    friend constexpr bool operator==(LatLon, LatLon) = default;
};

/// A point of the unit sphere; chord length is monotone in great-circle distance.
struct SpherePoint {
    double x = 0, y = 0, z = 0;
};

[[nodiscard]] inline SpherePoint on_sphere(LatLon p) {
    constexpr double degree = 0.017453292519943295;
    const double c = std::cos(p.lat * degree);
    return {c * std::cos(p.lon * degree), c * std::sin(p.lon * degree), std::sin(p.lat * degree)};
}

[[nodiscard]] inline double square_of_chord(SpherePoint a, SpherePoint b) {
    const double dx = a.x - b.x, dy = a.y - b.y, dz = a.z - b.z;
    return dx * dx + dy * dy + dz * dz;
}

/// The chord of a great-circle distance in km; distances from half the earth's girth on have 2.
[[nodiscard]] inline double chord_of(double km) {
    constexpr double half_circle = 3.141592653589793;
    return 2 * std::sin(0.5 * std::min(half_circle, km / earth_radius_km));
}

/// Points whose square_of_chord is larger are surely farther apart than this distance in km.
[[nodiscard]] inline double far_square_of_chord(double km) {
    const double chord = chord_of(km);
    return chord * chord * (1 + 1e-9) + 1e-15;
}

/// Great-circle distance in km.
[[nodiscard]] inline double distance_km(SpherePoint a, SpherePoint b) {
    const double half_chord = 0.5 * std::sqrt(square_of_chord(a, b));
    return 2 * earth_radius_km * std::asin(std::min(1.0, half_chord));
}

/// Great-circle distance in km.
[[nodiscard]] inline double distance_km(LatLon a, LatLon b) {
    return distance_km(on_sphere(a), on_sphere(b));
}

}  // namespace libmatch
