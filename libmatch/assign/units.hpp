// Utilities in whole multiples of a unit.
//
// Each is rounded once, to the nearest multiple, halves away from 0, wherever it is needed, so
// every part of the exact mode sees the same whole numbers. A utility so large that sums along a
// path through all advisers could leave 64 bits is an InputError that names it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include <libmatch/core/error.hpp>
#include <libmatch/core/types.hpp>

namespace libmatch {

/// x / unit, rounded: std::llround without a call.
[[nodiscard]] inline std::int64_t to_units(double x, double unit) {
    const double q = x / unit;
    if (!(std::fabs(q) < 0x1p52)) return static_cast<std::int64_t>(std::llround(q));
    const auto whole = static_cast<std::int64_t>(q);
    const double rest = q - static_cast<double>(whole);
    return whole + static_cast<std::int64_t>(rest >= 0.5) - static_cast<std::int64_t>(rest <= -0.5);
}

class WholeUnits {
  public:
    WholeUnits(double unit, std::size_t advisers) : unit_(unit) {
        const auto nodes = static_cast<double>(advisers + 2);
        most_ = std::min(0x1p40, 0x1p60 / (nodes * nodes)) * unit;
    }
    [[nodiscard]] double unit() const { return unit_; }

    /// Throws InputError for a utility beyond what whole sums can hold.
    [[nodiscard]] std::int64_t of(FirmId i, AdviserId j, double utility) const {
        if (!(std::fabs(utility) <= most_)) refuse(i, j, utility);
        return to_units(utility, unit_);
    }

  private:
    [[noreturn]] void refuse(FirmId i, AdviserId j, double utility) const {
        throw InputError({Fault::Severity::error, "utility", static_cast<std::int64_t>(i.value),
                          std::to_string(j.value), std::to_string(utility),
                          "it is too large for the exact mode's unit of " + std::to_string(unit_),
                          "scale the utilities down or give a larger unit"});
    }
    double unit_;
    double most_;
};

}  // namespace libmatch
