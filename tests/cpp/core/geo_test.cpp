#include <gtest/gtest.h>

#include <cmath>

#include <libmatch/core/geo.hpp>
#include <numbers>

namespace libmatch {
namespace {

constexpr LatLon paris{48.8566, 2.3522};
constexpr LatLon lyon{45.7640, 4.8357};

TEST(Geo, DistanceOfAPlaceToItselfIsZero) { EXPECT_EQ(distance_km(paris, paris), 0); }

TEST(Geo, DistanceIsSymmetric) { EXPECT_EQ(distance_km(paris, lyon), distance_km(lyon, paris)); }

TEST(Geo, QuarterOfTheEquator) {
    const double quarter = earth_radius_km * std::numbers::pi / 2;
    EXPECT_NEAR(distance_km(LatLon{0, 0}, LatLon{0, 90}), quarter, 1e-9);
    EXPECT_NEAR(distance_km(LatLon{0, 0}, LatLon{90, 0}), quarter, 1e-9);
}

TEST(Geo, AntipodesAreHalfTheWayRound) {
    EXPECT_NEAR(distance_km(LatLon{0, 0}, LatLon{0, 180}), earth_radius_km * std::numbers::pi,
                1e-6);
}

TEST(Geo, ChordsAreThoseOfTheirDistances) {
    const double chord = std::sqrt(square_of_chord(on_sphere(paris), on_sphere(lyon)));
    EXPECT_NEAR(chord_of(distance_km(paris, lyon)), chord, 1e-12);
    EXPECT_DOUBLE_EQ(chord_of(1e9), 2);
    EXPECT_EQ(chord_of(0), 0);
}

TEST(Geo, CitiesFarApart) {
    constexpr LatLon brest{48.3904, -4.4861}, strasbourg{48.5734, 7.7521};
    constexpr LatLon lille{50.6292, 3.0573}, ajaccio{41.9192, 8.7386};
    EXPECT_NEAR(distance_km(brest, strasbourg), 900, 3);
    EXPECT_NEAR(distance_km(lille, ajaccio), 1065, 5);
    EXPECT_NEAR(distance_km(paris, LatLon{-21.1151, 55.5364}), 9'380, 40) << "Reunion";
}

TEST(Geo, ParisToLyon) { EXPECT_NEAR(distance_km(paris, lyon), 391.5, 0.5); }

}  // namespace
}  // namespace libmatch
