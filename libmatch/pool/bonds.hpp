// Firms that pairs bind: units that stay together, and units to be kept apart.
//
// Method: "together" is closed by union-find into units; a firm with "apart" alone is a unit of its
// own; two units are enemies if any of their firms are to be kept apart. A unit that is its own
// enemy can never pool.
//
// Complexity: O(pairs log pairs + firms). Deterministic: units are numbered by their first firm.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include <libmatch/model/pooling.hpp>

namespace libmatch::detail {

class Bonds {
  public:
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

    explicit Bonds(const PoolProblem& problem) {
        if (problem.together.empty() && problem.apart.empty()) return;
        const std::size_t n = problem.amount.size();
        std::vector<std::uint32_t> parent(n);
        std::iota(parent.begin(), parent.end(), 0U);
        const auto root = [&](std::uint32_t i) {
            while (parent[i] != i) i = parent[i] = parent[parent[i]];
            return i;
        };
        std::vector<char> bound(n, 0);
        for (const auto& [a, b] : problem.together) {
            bound[a] = bound[b] = 1;
            const std::uint32_t p = root(a.value), q = root(b.value);
            parent[std::max(p, q)] = std::min(p, q);
        }
        for (const auto& [a, b] : problem.apart) bound[a] = bound[b] = 1;
        unit_of_.assign(n, none);
        for (std::uint32_t i = 0; i < n; ++i) {
            if (!bound[i]) continue;
            const std::uint32_t first = root(i);  // never above i
            if (unit_of_[first] == none) {
                unit_of_[first] = static_cast<std::uint32_t>(firms_.size());
                firms_.emplace_back();
            }
            unit_of_[i] = unit_of_[first];
            firms_[unit_of_[i]].emplace_back(i);
        }
        enemies_.resize(firms_.size());
        for (const auto& [a, b] : problem.apart) {
            enemies_[unit_of_[a]].push_back(unit_of_[b]);
            enemies_[unit_of_[b]].push_back(unit_of_[a]);
        }
        for (auto& list : enemies_) {
            std::sort(list.begin(), list.end());
            list.erase(std::unique(list.begin(), list.end()), list.end());
        }
    }

    [[nodiscard]] bool any() const { return !firms_.empty(); }
    [[nodiscard]] std::size_t units() const { return firms_.size(); }
    /// The unit of a firm; none = no pair names it.
    [[nodiscard]] std::uint32_t unit_of(FirmId i) const { return any() ? unit_of_[i] : none; }
    [[nodiscard]] const std::vector<FirmId>& firms(std::uint32_t unit) const {
        return firms_[unit];
    }
    [[nodiscard]] const std::vector<std::uint32_t>& enemies(std::uint32_t unit) const {
        return enemies_[unit];
    }
    [[nodiscard]] bool enemies(std::uint32_t unit, std::uint32_t other) const {
        return std::binary_search(enemies_[unit].begin(), enemies_[unit].end(), other);
    }
    /// Whether firm i cannot move without others.
    [[nodiscard]] bool moves_with_others(FirmId i) const {
        return unit_of(i) != none && firms_[unit_of_[i]].size() > 1;
    }
    /// Whether firm i is to be kept apart from somebody among these.
    [[nodiscard]] bool has_enemy_in(FirmId i, std::span<const FirmId> members) const {
        const std::uint32_t unit = unit_of(i);
        if (unit == none || enemies_[unit].empty()) return false;
        return std::any_of(members.begin(), members.end(), [&](FirmId j) {
            return unit_of_[j] != none && enemies(unit, unit_of_[j]);
        });
    }

    /// Whether the firms bound to firm i could all be in one group of a rule, as far as keys, sums
    /// and numbers tell.
    [[nodiscard]] bool may_pool(const PoolProblem& problem, const PoolRule& keyed, FirmId i) const {
        const std::uint32_t unit = unit_of(i);
        if (unit == none) return true;
        double sum = 0;
        for (const FirmId j : firms_[unit]) {
            if (keyed.cell_of(j) != keyed.cell_of(i)) return false;
            sum += problem.amount[j];
        }
        return sum <= keyed.rule.highest_sum() &&
               static_cast<std::int64_t>(firms_[unit].size()) <= keyed.rule.max_members &&
               !enemies(unit, unit);
    }

  private:
    std::vector<std::uint32_t> unit_of_;
    std::vector<std::vector<FirmId>> firms_;
    std::vector<std::vector<std::uint32_t>> enemies_;  ///< sorted
};

}  // namespace libmatch::detail
