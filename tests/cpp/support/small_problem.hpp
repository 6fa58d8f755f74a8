// Small random assignment problems with whole-number utilities, and plain loops that judge answers
// to them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cpp/support/whole_run.hpp>
#include <cstdint>
#include <functional>
#include <libmatch/core/random.hpp>
#include <libmatch/model/assignment.hpp>
#include <libmatch/retrieve/matrix_source.hpp>
#include <string>
#include <vector>

namespace libmatch {

struct SmallProblem {
    DenseSource::Matrix utility;  ///< -inf = not eligible
    AssignmentLimits limits;

    [[nodiscard]] std::size_t firms() const { return static_cast<std::size_t>(utility.rows()); }
    [[nodiscard]] std::size_t advisers() const { return static_cast<std::size_t>(utility.cols()); }
    [[nodiscard]] double at(FirmId i, AdviserId j) const {
        return utility(static_cast<Eigen::Index>(i.value), static_cast<Eigen::Index>(j.value));
    }
    [[nodiscard]] bool eligible(FirmId i, AdviserId j) const { return at(i, j) != -HUGE_VAL; }
    [[nodiscard]] std::int64_t value(FirmId i, AdviserId j) const { return std::llround(at(i, j)); }
    [[nodiscard]] bool pinned(Pair p) const {
        return std::find(limits.pinned.begin(), limits.pinned.end(), p) != limits.pinned.end();
    }

    /// The first limit that the pairs break, or nothing.
    [[nodiscard]] std::string broken_limit(const std::vector<Pair>& pairs) const {
        std::vector<std::int64_t> load(advisers(), 0), held(firms(), 0);
        for (std::size_t k = 0; k < pairs.size(); ++k) {
            const Pair& p = pairs[k];
            if (p.firm >= firms() || p.adviser >= advisers()) return "a pair lies outside";
            if (k > 0 && !(pairs[k - 1] < p)) return "the pairs are not sorted and distinct";
            if (!eligible(p.firm, p.adviser)) return "a pair is not eligible";
            ++load[p.adviser];
            ++held[p.firm];
        }
        for (std::size_t j = 0; j < advisers(); ++j) {
            if (load[j] > limits.capacity[j]) return "capacity of " + std::to_string(j);
            if (load[j] < limits.min_load_of(AdviserId(j)))
                return "min_load of " + std::to_string(j);
        }
        for (std::size_t i = 0; i < firms(); ++i) {
            if (held[i] > limits.demand_of(FirmId(i))) return "demand of " + std::to_string(i);
            if (held[i] < limits.min_demand_of(FirmId(i))) {
                return "min_demand of " + std::to_string(i);
            }
        }
        for (const Pair& pin : limits.pinned) {
            if (std::find(pairs.begin(), pairs.end(), pin) == pairs.end()) return "a pin is lost";
        }
        return {};
    }

    [[nodiscard]] double objective_of(const std::vector<Pair>& pairs) const {
        double sum = 0;
        for (const Pair& p : pairs) sum += at(p.firm, p.adviser);
        return sum;
    }

    /// The Lagrangian dual at these prices, by sorting all pairs of every firm.
    [[nodiscard]] double bound_at(const std::vector<double>& prices) const {
        double bound = 0;
        for (std::size_t j = 0; j < advisers(); ++j) {
            const auto seats =
                prices[j] > 0 ? limits.capacity[j] : limits.min_load_of(AdviserId(j));
            bound += prices[j] * static_cast<double>(seats);
        }
        for (std::size_t i = 0; i < firms(); ++i) {
            std::vector<double> nets;
            int held = 0;
            for (std::size_t j = 0; j < advisers(); ++j) {
                const Pair p{FirmId(i), AdviserId(j)};
                if (!eligible(p.firm, p.adviser)) continue;
                const double net = at(p.firm, p.adviser) - prices[j];
                if (pinned(p)) {
                    bound += net;
                    ++held;
                } else {
                    nets.push_back(net);
                }
            }
            std::sort(nets.begin(), nets.end(), std::greater<>());
            for (const double net : nets) {
                if (held >= limits.demand_of(FirmId(i))) break;
                if (held >= limits.min_demand_of(FirmId(i)) && net <= 0) break;
                bound += net;
                ++held;
            }
        }
        return bound;
    }
};

/// What a random problem is like.
struct ProblemShape {
    std::size_t most_firms = 24;
    std::size_t most_advisers = 9;
    double density = 1;
    std::int64_t low = 1, high = 100;  ///< utilities
    std::int64_t most_capacity = 4;
    std::int32_t most_demand = 1;
    double minimums = 0;  ///< share of firms and advisers with a minimum
    double pins = 0;      ///< share of firms with a pin
};

inline SmallProblem random_problem(const ProblemShape& shape, std::uint64_t seed) {
    Random random(seed);
    const auto from = [&](std::int64_t low, std::int64_t high) {
        return low +
               static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(high - low + 1)));
    };
    const auto n = static_cast<std::size_t>(from(1, static_cast<std::int64_t>(shape.most_firms)));
    const auto m =
        static_cast<std::size_t>(from(1, static_cast<std::int64_t>(shape.most_advisers)));
    SmallProblem p;
    p.utility.resize(static_cast<Eigen::Index>(n), static_cast<Eigen::Index>(m));
    for (Eigen::Index i = 0; i < p.utility.rows(); ++i) {
        for (Eigen::Index j = 0; j < p.utility.cols(); ++j) {
            const auto value = static_cast<double>(from(shape.low, shape.high));
            p.utility(i, j) = random.uniform() < shape.density ? value : -HUGE_VAL;
        }
    }
    for (std::size_t j = 0; j < m; ++j) {
        p.limits.capacity.push_back(from(0, shape.most_capacity));
        p.limits.min_load.push_back(random.uniform() < shape.minimums
                                        ? from(0, std::min<std::int64_t>(2, p.limits.capacity[j]))
                                        : 0);
    }
    if (shape.most_demand > 1 || shape.minimums > 0) {
        for (std::size_t i = 0; i < n; ++i) {
            p.limits.demand.push_back(static_cast<std::int32_t>(from(0, shape.most_demand)));
            p.limits.min_demand.push_back(
                random.uniform() < shape.minimums
                    ? static_cast<std::int32_t>(from(0, p.limits.demand[i]))
                    : 0);
        }
    }
    for (std::size_t i = 0; i < n; ++i) {
        if (random.uniform() >= shape.pins) continue;
        const AdviserId j(static_cast<std::uint32_t>(random.below(m)));
        if (p.eligible(FirmId(i), j)) p.limits.pinned.push_back({FirmId(i), j});
    }
    return p;
}

inline AssignmentResult solve(const SmallProblem& p, const AssignmentOptions& options = {}) {
    const DenseSource source(p.utility);
    Control control;
    return testing::assign(source, p.limits, options, control);
}

}  // namespace libmatch
