// What every answer carries: how good it is, and the means to prove it.
#pragma once

#include <cmath>
#include <string>

#include <libmatch/core/control.hpp>

namespace libmatch {

/// Proof of quality of one stage. `bound` is valid for every possible answer of the stage's full
/// problem, and at least the true figure; `objective` is at most the true one. So no gap is larger
/// than it looks. In units both are whole numbers times the unit.
struct Certificate {
    Status status = Status::optimal;
    double objective = 0;
    double bound = 0;
    /// 0: real numbers. Otherwise values are rounded to multiples of `unit` and the certificate is
    /// exact in it.
    double unit = 0;
    double seconds = 0;

    /// (bound - objective) / |bound|, rounded up; 0 when the two are equal.
    [[nodiscard]] double gap() const {
        const double distance = bound - objective;
        if (distance == 0) return 0;
        if (bound == 0 || !std::isfinite(distance)) return HUGE_VAL;
        const double gap = distance / std::fabs(bound);
        constexpr double two_roundings = 0x1p-51;
        return gap > 0 ? gap * (1 + two_roundings) : gap;
    }
};

/// The status that an uninterrupted answer deserves for the gap that was asked.
[[nodiscard]] inline Status status_for(double gap, double asked) {
    if (gap <= 0) return Status::optimal;
    return gap <= asked ? Status::within_gap : Status::time_limit;
}

}  // namespace libmatch
