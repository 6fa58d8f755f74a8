#include <cstdio>
#include <libmatch/core/geo.hpp>

int main() {
    const double km =
        libmatch::distance_km(libmatch::LatLon{48.8566, 2.3522}, libmatch::LatLon{45.7640, 4.8357});
    std::printf("Paris - Lyon %.0f km\n", km);
    return km > 390 && km < 394 ? 0 : 1;
}
