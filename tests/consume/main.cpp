#include <cstdio>
#include <libmatch/libmatch.hpp>

int main() {
    const libmatch::LatLon paris{48.8566, 2.3522};
    const libmatch::LatLon lyon{45.7640, 4.8357};
    const double km = libmatch::distance_km(paris, lyon);
    std::printf("Paris - Lyon %.0f km\n", km);
    return km > 390 && km < 394 ? 0 : 1;
}
