// What every answer carries: how good it is, and the means to prove it.
#pragma once

#include <cmath>
#include <string>

#include <libmatch/core/control.hpp>

namespace libmatch {

/// Proof of quality of one stage. `bound` is valid for every possible answer of the stage's full
/// problem.
struct Certificate {
    Status status = Status::optimal;
    double objective = 0;
    double bound = 0;
    /// 0: real numbers. Otherwise values are rounded to multiples of `unit` and the certificate is
    /// exact in it.
    double unit = 0;
    double seconds = 0;

    /// (bound - objective) / |bound|; 0 when both are 0.
    [[nodiscard]] double gap() const {
        const double distance = bound - objective;
        if (distance == 0) return 0;
        return bound == 0 ? HUGE_VAL : distance / std::fabs(bound);
    }
};

/// The status that an uninterrupted answer deserves for the gap that was asked.
[[nodiscard]] inline Status status_for(double gap, double asked) {
    if (gap <= 0) return Status::optimal;
    return gap <= asked ? Status::within_gap : Status::time_limit;
}

}  // namespace libmatch
