// Utilities that no solver takes.
//
// Lists hold single precision, so utilities lie between -1e30 and 1e30. Complexity: O(1), and O(n
// m) questions to name the first that does not.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>

#include <libmatch/core/error.hpp>
#include <libmatch/core/types.hpp>
#include <libmatch/retrieve/source.hpp>

namespace libmatch::detail {

/// A number in few digits, for people.
inline std::string figure(double x) {
    std::ostringstream out;
    out << x;
    return out.str();
}

/// Throws InputError where a utility is too large in size. `largest`: the source's utility_size.
inline void check_utility_range(const PairSource& source, double largest) {
    constexpr double most = 1e30;
    if (largest <= most) return;
    for (std::size_t i = 0; i < source.firms(); ++i) {
        for (std::size_t j = 0; j < source.advisers(); ++j) {
            if (!source.eligible(FirmId(i), AdviserId(j))) continue;
            const double u = source.utility(FirmId(i), AdviserId(j));
            if (std::fabs(u) <= most) continue;
            throw InputError({Fault::Severity::error, "utility", static_cast<std::int64_t>(i),
                              std::to_string(j), figure(u),
                              "a number between -1e30 and 1e30 is expected",
                              "scale the utilities down"});
        }
    }
    throw InputError({Fault::Severity::error, "utility", -1, "", figure(largest),
                      "utilities between -1e30 and 1e30 are expected", "scale the utilities down"});
}

}  // namespace libmatch::detail
