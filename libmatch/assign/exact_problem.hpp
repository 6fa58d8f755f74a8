// An assignment problem in whole units on few arcs, as the exact mode gathers it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <libmatch/core/types.hpp>

namespace libmatch {

/// An eligible pair with its value in whole units.
struct Arc {
    FirmId firm;
    AdviserId adviser;
    std::int64_t value = 0;
};

/// A problem on few arcs. Firms are numbered within it; advisers as everywhere.
struct ExactProblem {
    struct Choice {
        AdviserId adviser;
        bool pinned = false;
        bool preferred = false;  ///< taken first among equals
        std::int64_t value = 0;  ///< units
    };
    std::vector<std::size_t> begin{0};  ///< of each firm's choices
    std::vector<Choice> choices;
    std::vector<std::int32_t> demand, min_demand;
    /// Bounds of what these firms may load; negative where others already load more than that.
    std::vector<std::int64_t> capacity, min_load;

    [[nodiscard]] std::size_t firms() const { return demand.size(); }
    [[nodiscard]] std::size_t advisers() const { return capacity.size(); }
};

}  // namespace libmatch
