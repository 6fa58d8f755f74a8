// The best lawful stack of grants of one firm.
//
// Problem: max sum of weight x amount over the offers of one firm; each amount is 0 or between the
// offer's floor and its most; one offer of a stacking group; all amounts within the firm's limit
// and within the ceiling of every offer that takes part; de minimis offers within their own room.
//
// Method: the ceilings that can apply are tried one by one (offers with a lower one are left out),
// and so are the choices in each stacking group with more than one offer. What is left without
// floors is a polymatroid, on which filling by falling weight is optimal. If that fill leaves an
// amount under its floor, the offer is either left out or held at its floor, by branch and bound.
//
// Complexity: O(k log k) for k offers without rivals or floors that bind, exponential only in the
// numbers of those. Exact: whole cents, whole weights. Deterministic: ties go to the earlier offer.
// Source: J. Edmonds, "Submodular functions, matroids, and certain polyhedra", 1970.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include <libmatch/score/funding.hpp>

namespace libmatch::detail {

/// What one scheme may grant to one firm.
struct Offer {
    std::uint32_t scheme = 0;
    std::uint32_t group = 0;  ///< stacking group; 0 = none
    bool de_minimis = true;
    Cents most = 0, floor = 0;
    Cents ceiling = no_limit;  ///< of all aid, once this offer takes part
};

/// Whether branching has already settled that an offer takes part.
enum class Settled : std::uint8_t { open, in, out };

/// Weights times cents: more bits than 64.
__extension__ using Worth = __int128;

class StackChooser {
  public:
    static constexpr Worth no_stack = -(Worth{1} << 120);

    /// `weight` and, unless empty, `part` and `room` (an offer's most is at most its room) are by
    /// position in `offers`. Fills `amounts` likewise; no_stack when `part` admits none.
    Worth best(std::span<const Offer> offers, Cents limit, Cents de_minimis,
               std::span<const std::int64_t> weight, std::vector<Cents>& amounts,
               std::span<const Cents> room = {}, std::span<const Settled> part = {}) {
        offers_ = offers;
        weight_ = weight;
        de_minimis_ = de_minimis;
        best_ = no_stack;
        amounts.assign(offers.size(), 0);
        found_ = &amounts;
        most_.resize(offers.size());
        held_.assign(offers.size(), 0);
        order_.clear();
        for (std::size_t k = 0; k < offers.size(); ++k) {
            most_[k] = room.empty() ? offers[k].most : std::min(offers[k].most, room[k]);
            const Settled p = part.empty() ? Settled::open : part[k];
            const bool must = p == Settled::in;
            if (must && most_[k] < offers[k].floor) return no_stack;
            if (!must && (p == Settled::out || weight[k] <= 0 || most_[k] <= 0 ||
                          most_[k] < offers[k].floor)) {
                continue;
            }
            held_[k] = must ? held : open;
            order_.push_back(static_cast<std::uint32_t>(k));
        }
        if (order_.empty()) return 0;
        sort_by_weight();
        try_limit(limit, limit);
        // A ceiling below the limit applies only to stacks with its own offer.
        for (std::size_t k = 0; k < order_.size(); ++k) {
            const Cents ceiling = offers[order_[k]].ceiling;
            const auto same = [&](std::uint32_t other) { return offers[other].ceiling == ceiling; };
            if (ceiling < limit &&
                std::none_of(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(k), same))
                try_limit(ceiling, ceiling);
        }
        return best_;
    }

  private:
    void sort_by_weight() {
        // Few offers: insertion keeps ties in their order.
        for (std::size_t k = 1; k < order_.size(); ++k) {
            const std::uint32_t moved = order_[k];
            std::size_t at = k;
            for (; at > 0 && weight_[order_[at - 1]] < weight_[moved]; --at)
                order_[at] = order_[at - 1];
            order_[at] = moved;
        }
    }

    /// Offers whose ceiling is at least `lowest` share the limit.
    void try_limit(Cents lowest, Cents limit) {
        chosen_.clear();
        limit_ = limit;
        for (const std::uint32_t k : order_) {
            if (offers_[k].ceiling < lowest && held_[k] == held) return;
        }
        choose(0, lowest);
    }

    [[nodiscard]] bool has_rival(std::uint32_t k, std::size_t after, Cents lowest) const {
        if (offers_[k].group == 0) return false;
        for (std::size_t at = after; at < order_.size(); ++at) {
            if (offers_[order_[at]].group == offers_[k].group &&
                offers_[order_[at]].ceiling >= lowest)
                return true;
        }
        return false;
    }

    void choose(std::size_t at, Cents lowest) {
        while (at < order_.size() && offers_[order_[at]].ceiling < lowest) ++at;
        if (at == order_.size()) {
            fill();
            return;
        }
        const std::uint32_t k = order_[at];
        const bool taken = offers_[k].group != 0 &&
                           std::any_of(chosen_.begin(), chosen_.end(), [&](std::uint32_t c) {
                               return offers_[c].group == offers_[k].group;
                           });
        if (taken && held_[k] == held) return;
        if (!taken) {
            chosen_.push_back(k);
            choose(at + 1, lowest);
            chosen_.pop_back();
            if (held_[k] == held) return;
        }
        if (taken || has_rival(k, at + 1, lowest)) choose(at + 1, lowest);
    }

    /// Fills the chosen offers by falling weight; held ones start at their floors.
    void fill() {
        Cents left = limit_, small = de_minimis_;
        Worth worth = 0;
        for (const std::uint32_t k : chosen_) {
            if (held_[k] != held) continue;
            const Cents floor = offers_[k].floor;
            left -= floor;
            if (offers_[k].de_minimis) small -= floor;
            worth += static_cast<Worth>(weight_[k]) * floor;
        }
        if (left < 0 || small < 0) return;
        given_.resize(offers_.size());
        std::uint32_t short_of_floor = none;
        for (const std::uint32_t k : chosen_) {
            given_[k] = 0;
            if (held_[k] == dropped) continue;
            const Cents base = held_[k] == held ? offers_[k].floor : 0;
            Cents more = weight_[k] > 0 ? std::min(most_[k] - base, left) : 0;
            if (offers_[k].de_minimis) more = std::min(more, small);
            given_[k] = base + more;
            left -= more;
            if (offers_[k].de_minimis) small -= more;
            worth += static_cast<Worth>(weight_[k]) * more;
            if (given_[k] > 0 && given_[k] < offers_[k].floor && short_of_floor == none)
                short_of_floor = k;
        }
        if (worth <= best_) return;
        if (short_of_floor == none) {
            best_ = worth;
            std::fill(found_->begin(), found_->end(), 0);
            for (const std::uint32_t k : chosen_) (*found_)[k] = given_[k];
            return;
        }
        held_[short_of_floor] = held;
        fill();
        held_[short_of_floor] = dropped;
        fill();
        held_[short_of_floor] = open;
    }

    static constexpr std::uint32_t none = UINT32_MAX;
    static constexpr std::uint8_t open = 0, held = 1, dropped = 2;
    std::span<const Offer> offers_;
    std::span<const std::int64_t> weight_;
    Cents de_minimis_ = 0, limit_ = 0;
    Worth best_ = no_stack;
    std::vector<Cents>* found_ = nullptr;
    std::vector<Cents> most_, given_;
    std::vector<std::uint8_t> held_;  ///< open, held at its floor or above, or dropped
    std::vector<std::uint32_t> order_, chosen_;
};

}  // namespace libmatch::detail
