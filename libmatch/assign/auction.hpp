// Capacitated auction on candidate lists.
//
// Problem: max sum u_ij x_ij, each firm at most one adviser, adviser j at most C_j firms, firms
// free to stay out. Method: a forward auction for similar objects. Prices begin at a given start
// and only rise. A firm without adviser bids for its best listed adviser up to the net value of its
// next choice plus epsilon; a full adviser drops its lowest bid, which is then its price. An
// adviser with room left keeps its start price; where that is 0, the bound pays for no empty seat
// and the certificate can close. So the caller starts at 0, or, for a finer epsilon, a little below
// the prices of a coarser auction (epsilon scaling), and checks `price_of_empty_seats`. A firm's
// outside option on a list is the net value that no unlisted pair exceeded when the list was made:
// since prices only rise, it stays a bound; a firm whose listed pairs all fall below it leaves the
// list and asks the source again at current prices. When nobody is left to ask, every firm is
// within epsilon of its best choice over ALL pairs: bound - objective <= epsilon x served firms +
// start prices of empty seats.
// Complexity: O(B (K + log C)) for B bids on lists of length K; B = O(n max(u) / epsilon) at worst,
// in practice a few bids per firm. Preconditions: lists cover the firms in `queue`; demand 1; no
// minimum load. Deterministic: one thread, first in first out. Sources: D. P. Bertsekas, D. A.
// Castañón, "The auction algorithm for the transportation problem", Annals of Operations Research
// 20, 1989; D. P. Bertsekas, "Auction algorithms for network flow problems", Computational
// Optimization and Applications 1, 1992 (why empty seats must cost nothing).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <libmatch/retrieve/source.hpp>

namespace libmatch {

class Auction {
  public:
    /// `capacity`: seats per adviser. `start`: prices to begin with; the lists were made at these
    /// or lower ones, or leave out no pair. `price_of_nothing`: price for advisers without seats;
    /// at least every utility.
    Auction(CandidateLists& lists, std::span<const std::int64_t> capacity,
            std::vector<double> start, double price_of_nothing, std::uint64_t max_bids)
        : lists_(&lists),
          capacity_(capacity),
          price_(std::move(start)),
          bids_(capacity.size()),
          held_(lists.firms()),
          max_bids_(max_bids) {
        for (std::size_t j = 0; j < capacity.size(); ++j) {
            if (capacity[j] == 0) price_[j] = price_of_nothing;
        }
    }

    /// These firms want to bid, after those who wait already; their lists are at hand.
    void enqueue(std::span<const FirmId> firms) {
        next_.insert(next_.end(), firms.begin(), firms.end());
    }
    /// Bids until nobody waits any more, `most` firms have left their lists, control stops, or it
    /// gave up. Returns the firms that left their lists, in order.
    std::vector<FirmId> run(std::size_t most, double epsilon, Control& control) {
        std::vector<FirmId> left;
        std::size_t settled = 0;
        while (left.size() < most) {
            if ((++bids_made_ & 0xfff) == 0) {
                if (gave_up()) break;
                if (control.stop()) break;
                settled = std::max(settled, served_);
                control.report("assign",
                               0.9 * static_cast<double>(settled) /
                                   static_cast<double>(std::max<std::size_t>(held_.size(), 1)));
            }
            if (at_ == queue_.size()) {
                queue_.swap(next_);
                next_.clear();
                at_ = 0;
                if (queue_.empty()) break;
            }
            if (at_ + ahead < queue_.size()) lists_->prefetch(queue_[at_ + ahead]);
            const FirmId i = queue_[at_++];
            switch (bid(i, epsilon)) {
                case Outcome::holds:
                case Outcome::stays_out:
                    break;
                case Outcome::left_list:
                    left.push_back(i);
                    break;
            }
        }
        return left;
    }
    /// Nobody waits to bid.
    [[nodiscard]] bool idle() const { return at_ == queue_.size() && next_.empty(); }

    /// True once more bids were made than allowed: many equal utilities make bids rise by epsilon
    /// only.
    [[nodiscard]] bool gave_up() const { return bids_made_ > max_bids_; }
    [[nodiscard]] const std::vector<double>& prices() const { return price_; }
    /// What the bound pays for seats that nobody takes.
    [[nodiscard]] double price_of_empty_seats() const {
        double sum = 0;
        for (std::size_t j = 0; j < price_.size(); ++j) {
            const auto empty = capacity_[j] - static_cast<std::int64_t>(bids_[j].size());
            if (empty > 0) sum += price_[j] * static_cast<double>(empty);
        }
        return sum;
    }
    /// The adviser that the firm holds, or none.
    [[nodiscard]] AdviserId held(FirmId i) const { return held_[i]; }

    [[nodiscard]] bool is_full(std::size_t j) const {
        return static_cast<std::int64_t>(bids_[j].size()) == capacity_[j];
    }

  private:
    static constexpr std::size_t ahead = 8;  ///< bids between asking for a list and reading it
    enum class Outcome { holds, stays_out, left_list };
    struct Bid {
        double amount = 0;
        FirmId firm;
        /// Heap order: the lowest amount on top, then the larger firm index, so that ties fall on
        /// one side.
        friend bool operator<(const Bid& a, const Bid& b) {
            return a.amount != b.amount ? a.amount > b.amount : a.firm < b.firm;
        }
    };

    Outcome bid(FirmId i, double epsilon) {
        const double outside = lists_->outside(i);
        double best = -HUGE_VAL;
        double next = std::max(0.0, outside);
        AdviserId choice;
        // Most bids are lost here: no branch depends on a price.
        for (const Candidate& c : lists_->of(i)) {
            const double net = static_cast<double>(c.value) - price_[c.adviser];
            next = std::max(next, std::min(best, net));
            choice = net > best ? c.adviser : choice;
            best = std::max(best, net);
        }
        // Listed values are rounded to single precision, outside options are not. Without this
        // slack a firm whose choices are all equal could leave every new list at once, and never
        // bid.
        const double rounding = choice.known() ? (std::fabs(best) + price_[choice]) * 0x1p-22 : 0.0;
        if (best < outside - rounding && outside > 0) return Outcome::left_list;
        if (best <= 0) return Outcome::stays_out;

        auto& bids = bids_[choice];
        const Bid mine{price_[choice] + std::max(0.0, best - next) + epsilon, i};
        held_[i] = choice;
        if (static_cast<std::int64_t>(bids.size()) < capacity_[choice]) {
            bids.push_back(mine);
            std::push_heap(bids.begin(), bids.end());
            ++served_;
        } else {
            std::pop_heap(bids.begin(), bids.end());
            const FirmId loser = bids.back().firm;
            held_[loser] = AdviserId();
            next_.push_back(loser);
            bids.back() = mine;
            std::push_heap(bids.begin(), bids.end());
        }
        if (static_cast<std::int64_t>(bids.size()) == capacity_[choice])
            price_[choice] = bids.front().amount;
        return Outcome::holds;
    }

    CandidateLists* lists_;
    std::span<const std::int64_t> capacity_;
    std::vector<double> price_;
    std::vector<std::vector<Bid>> bids_;
    std::vector<AdviserId> held_;
    std::vector<FirmId> queue_;  ///< firms that wait, from at_ on
    std::size_t at_ = 0;
    std::vector<FirmId> next_;  ///< who bids after them
    std::size_t served_ = 0;
    std::uint64_t bids_made_ = 0;
    std::uint64_t max_bids_;
};

}  // namespace libmatch
