// Utilities in whole multiples of a unit.
//
// Each is rounded once, to the nearest multiple, halves away from 0, wherever it is needed, so
// every part of the exact mode sees the same whole numbers. A utility so large that sums along a
// path through all advisers could leave 64 bits is an InputError that names it, where the user
// stated the unit. Where the unit is the solver's own choice, whole numbers only guide the search
// and the proof is in reals: then such a utility counts as the largest that fits.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <sstream>
#include <string>

#include <libmatch/core/error.hpp>
#include <libmatch/core/types.hpp>

namespace libmatch {

/// x / unit, rounded: std::llround without a call. Beyond 62 bits the largest whole number.
[[nodiscard]] inline std::int64_t to_units(double x, double unit) {
    const double q = x / unit;
    if (!(std::fabs(q) < 0x1p52))
        return static_cast<std::int64_t>(std::llround(std::clamp(q, -0x1p62, 0x1p62)));
    const auto whole = static_cast<std::int64_t>(q);
    const double rest = q - static_cast<double>(whole);
    return whole + static_cast<std::int64_t>(rest >= 0.5) - static_cast<std::int64_t>(rest <= -0.5);
}

class WholeUnits {
  public:
    /// What becomes of a utility that does not fit.
    enum class TooLarge { refused, clamped };

    WholeUnits(double unit, std::size_t advisers, TooLarge too_large = TooLarge::refused)
        : unit_(unit), most_(most_units(advisers) * unit), too_large_(too_large) {}
    [[nodiscard]] double unit() const { return unit_; }

    /// The largest whole utility whose sums along a path fit.
    [[nodiscard]] static double most_units(std::size_t advisers) {
        const auto nodes = static_cast<double>(advisers + 2);
        return std::min(0x1p40, 0x1p60 / (nodes * nodes));
    }
    /// The finest power of 2 in which utilities up to `most` fit.
    [[nodiscard]] static double finest(double most, std::size_t advisers) {
        int exponent = 0;
        std::frexp(std::max(most, std::numeric_limits<double>::min()) / most_units(advisers),
                   &exponent);
        return std::ldexp(1.0, std::max(exponent, -1'074));
    }

    /// Throws InputError for a utility beyond what whole sums can hold.
    [[nodiscard]] std::int64_t of(FirmId i, AdviserId j, double utility) const {
        if (std::fabs(utility) <= most_) return to_units(utility, unit_);
        if (too_large_ == TooLarge::refused) refuse(i, j, utility);
        return to_units(utility > 0 ? most_ : -most_, unit_);
    }

  private:
    [[noreturn]] void refuse(FirmId i, AdviserId j, double utility) const {
        throw InputError({Fault::Severity::error, "utility", static_cast<std::int64_t>(i.value),
                          std::to_string(j.value), number(utility),
                          "it is too large for the exact mode's unit of " + number(unit_) +
                              ": sums of whole units would leave 64 bits",
                          "scale the utilities down or give a unit of " +
                              number(std::fabs(utility) / (most_ / unit_)) + " or more"});
    }
    static std::string number(double x) {
        std::ostringstream out;
        out << x;
        return out.str();
    }
    double unit_;
    double most_;
    TooLarge too_large_;
};

}  // namespace libmatch
