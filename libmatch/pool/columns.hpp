// Groups found so far, as columns of the set-packing problem max c x, sum of x over the groups of a
// firm <= 1.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_set>
#include <vector>

#include <libmatch/core/random.hpp>
#include <libmatch/pool/board.hpp>

namespace libmatch::detail {

class Columns {
  public:
    [[nodiscard]] std::size_t size() const { return value_.size(); }
    [[nodiscard]] double value(std::size_t g) const { return value_[g]; }
    [[nodiscard]] std::uint32_t seat(std::size_t g) const { return seat_[g]; }
    [[nodiscard]] std::span<const FirmId> members(std::size_t g) const {
        return {firms_.data() + begin_[g], begin_[g + 1] - begin_[g]};
    }
    /// Adds a group unless it is here; false if it is.
    bool add(std::uint32_t seat, double value, std::span<const FirmId> members) {
        std::uint64_t key = Random(seat).bits();
        for (const FirmId i : members) key = Random(key, i.value).bits();
        if (!known_.insert(key).second) return false;
        seat_.push_back(seat);
        value_.push_back(value);
        firms_.insert(firms_.end(), members.begin(), members.end());
        begin_.push_back(firms_.size());
        return true;
    }

    /// Keeps the columns for which keep(g) holds, in order.
    template <class Keep>
    void filter(const Keep& keep) {
        Columns kept;
        for (std::size_t g = 0; g < size(); ++g) {
            if (keep(g)) kept.add(seat(g), value(g), members(g));
        }
        *this = std::move(kept);
    }

  private:
    std::vector<std::size_t> begin_{0};
    std::vector<FirmId> firms_;
    std::vector<double> value_;
    std::vector<std::uint32_t> seat_;
    std::unordered_set<std::uint64_t> known_;  ///< hashes of the groups
};

/// What a group brings at a seat: values less travel less opening.
[[nodiscard]] inline double group_value(const Board& board, std::size_t seat,
                                        std::span<const FirmId> members) {
    const Board::Rule& rule = board.rule_of(seat);
    double total = -rule.opening;
    for (const FirmId i : members) {
        total += board.problem().value_of(i) - rule.cost_per_km * board.km(i, seat);
    }
    return total;
}

/// What a column brings above the prices of its members and of its site.
[[nodiscard]] inline double reduced_value(const Board& board, const Columns& columns, std::size_t g,
                                          const std::vector<double>& prices) {
    double total = columns.value(g);
    for (const FirmId i : columns.members(g)) total -= prices[i];
    const std::uint32_t site = board.site_row(columns.seat(g));
    return site == Board::none ? total : total - prices[site];
}

}  // namespace libmatch::detail
