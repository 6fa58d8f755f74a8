// What the judge needs to know of an assignment problem: questions, not arrays.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include <libmatch/core/exact_sum.hpp>
#include <libmatch/core/types.hpp>

namespace libmatch::check {

/// What the judge needs to know of a problem. The functions are called from several threads.
struct AssignmentCase {
    std::string stage;
    std::size_t firms = 0;
    std::size_t advisers = 0;
    std::function<bool(FirmId, AdviserId)> eligible;
    std::function<double(FirmId, AdviserId)> utility;  ///< of an eligible pair
    std::function<double(FirmId, AdviserId)> load{};   ///< its hours; empty = 1
    std::function<std::string(FirmId)> firm_name;
    std::function<std::string(AdviserId)> adviser_name;
    /// Why a pair is not eligible; may be empty.
    std::function<std::string(FirmId, AdviserId)> reason;
    /// A quicker way to the sum of every firm's best choice at the claimed prices, given the pins
    /// of each firm, with quotas, reservations and the price of a change; empty = every pair is
    /// asked.
    std::function<ExactSum(const std::vector<std::vector<AdviserId>>&)> best_choices{};
};

}  // namespace libmatch::check
