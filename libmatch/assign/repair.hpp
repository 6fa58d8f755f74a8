// Mends an assignment that is nearly right for its prices: few firms are displaced, few seats are
// empty.
//
// Problem: at given prices each firm holds a choice that counts as its best, but some advisers hold
// more firms than they have seats, and some with a price have seats that nobody takes. Wanted: a
// lawful assignment that gives up as little net value as the lists allow.
//
// Method: successive shortest paths among the advisers, as in exact.hpp, in real numbers and on
// short lists. A firm too many goes along the path of least loss to a free seat or to nobody; an
// empty seat at a price is filled along one, or its price falls until an empty seat costs nothing,
// or it stays as it is where filling it would cost more than the caller allows.
// Prices of the nodes nearer than the end of a path move by the difference, so later paths are
// shortest as well. A search ends at the first free seat, hence looks at few advisers while free
// seats are near. Lists leave pairs out, so what is given up is not always least: the caller
// proves, this only finds.
//
// Complexity: U paths for U misplaced firms and seats, each O(A log m) for the A listed pairs that
// it looks at; at most `max_looks` pairs in all, then the firms too many stay out. Memory
// O(listed pairs + m). Preconditions: demand 1, no minimum loads; lists at the prices of the start.
// Deterministic: one thread, ties to the node that was reached first.
//
// Source: R. K. Ahuja, T. L. Magnanti, J. B. Orlin, "Network Flows", 1993, section 9.7.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <libmatch/core/control.hpp>
#include <libmatch/retrieve/source.hpp>

namespace libmatch {

class Repair {
  public:
    /// `room`: seats per adviser. `prices`: from 0, those of the lists.
    Repair(const CandidateLists& lists, std::span<const std::int64_t> room,
           std::vector<double> prices)
        : lists_(&lists),
          room_(room),
          price_(std::move(prices)),
          worth_(lists.firms(), 0.0),
          held_(lists.firms()),
          place_(lists.firms(), 0),
          members_(room.size()),
          unlisted_(room.size(), 0),
          reached_(room.size()) {}

    /// The firm's choice to begin with, or none. `worth`: utility at which it counts as the firm's
    /// best choice; for none, the net value that it gives up by staying out. A firm without a list
    /// stays where it is, as long as others can make room.
    void hold(FirmId i, AdviserId j, double worth) {
        worth_[i] = worth;
        if (!j.known()) return;
        held_[i] = j;
        if (lists_->of(i).empty()) {
            ++unlisted_[j];
            return;
        }
        place_[i] = static_cast<std::uint32_t>(members_[j].size());
        members_[j].push_back(i.value);
    }

    /// Afterwards no adviser holds more firms than it has seats.
    /// `worth_filling`: an empty seat is filled at a loss below this, or stays empty.
    /// `may_lose`: net value that all paths together may give up beyond the least; searches end
    /// sooner for it.
    void run(double worth_filling, double may_lose, std::uint64_t max_looks, Control& control) {
        std::int64_t misplaced = 1;
        for (std::size_t j = 0; j < room_.size(); ++j) {
            if (free_seats(j) < 0 || price_[j] > 0) misplaced += std::abs(free_seats(j));
        }
        coarse_ = may_lose / static_cast<double>(misplaced);
        looks_left_ = max_looks;
        worth_filling_ = worth_filling;
        const auto go_on = [&] {
            control.report("assign", 0.5);
            return looks_left_ > 0 && !control.stop();
        };
        for (std::size_t j = 0; j < room_.size(); ++j) {
            while (free_seats(j) < 0 && go_on()) {
                if (!push_from(j)) break;
            }
        }
        for (std::size_t j = 0; j < room_.size(); ++j) {
            while (free_seats(j) > 0 && price_[j] > 0 && go_on()) {
                if (!pull_to(j)) break;
            }
        }
        drop_surplus();
    }

    /// The adviser that the firm holds, or none.
    [[nodiscard]] AdviserId held(FirmId i) const { return held_[i]; }
    /// Prices that fit the assignment better than those of the start.
    [[nodiscard]] const std::vector<double>& prices() const { return price_; }

  private:
    static constexpr std::size_t nobody = std::numeric_limits<std::size_t>::max();

    /// How a search reached a node: the node before it, and the firm that moves between the two.
    struct Step {
        std::size_t from = nobody;
        FirmId firm;
        double worth = 0;  ///< of the firm's new choice
    };
    struct Reached {
        double loss = HUGE_VAL;
        Step step;
    };
    struct Open {
        double loss = 0;
        std::uint32_t node = 0;
        friend bool operator<(const Open& a, const Open& b) {  // the heap's top is the nearest
            return a.loss != b.loss ? a.loss > b.loss : a.node > b.node;
        }
    };
    /// A firm that lists an adviser.
    struct Lister {
        FirmId firm;
        float value = 0;
    };

    [[nodiscard]] std::int64_t free_seats(std::size_t j) const {
        return room_[j] - unlisted_[j] - static_cast<std::int64_t>(members_[j].size());
    }
    void let_go(FirmId i) {
        auto& members = members_[held_[i]];
        members[place_[i]] = members.back();
        place_[members.back()] = place_[i];
        members.pop_back();
        held_[i] = AdviserId();
    }
    void look() {
        if (looks_left_ > 0) --looks_left_;
    }

    // ---- searches ----

    /// `limit`: only a path of less loss counts.
    void begin_search(std::size_t root, double limit) {
        for (const std::uint32_t j : seen_) reached_[j] = Reached{};
        seen_.clear();
        open_.clear();
        end_ = limit;
        found_ = false;
        end_node_ = nobody;
        end_step_ = {};
        reach(root, 0, {});
    }
    void reach(std::size_t j, double loss, Step step) {
        Reached& r = reached_[j];
        if (r.loss == HUGE_VAL) seen_.push_back(static_cast<std::uint32_t>(j));
        r = {loss, step};
        open_.push_back({loss, static_cast<std::uint32_t>(j)});
        std::push_heap(open_.begin(), open_.end());
    }
    void end_at(std::size_t node, double loss, Step step) {
        if (loss >= end_) return;
        end_ = loss;
        found_ = true;
        end_node_ = node;
        end_step_ = step;
    }
    /// The nearest node that is still to be looked at, or nobody.
    std::size_t next_node() {
        while (!open_.empty()) {
            std::pop_heap(open_.begin(), open_.end());
            const Open o = open_.back();
            open_.pop_back();
            if (o.loss + coarse_ >= end_) break;
            if (o.loss == reached_[o.node].loss) return o.node;
        }
        return nobody;
    }

    /// False when nobody there has a list.
    bool push_from(std::size_t root) {
        begin_search(root, HUGE_VAL);
        for (std::size_t j = next_node(); j != nobody; j = next_node()) look_ahead(j);
        if (!found_) return false;
        for (const std::uint32_t j : seen_) {
            if (reached_[j].loss < end_) price_[j] += end_ - reached_[j].loss;
        }
        for (Step s = end_step_; s.from != nobody; s = reached_[s.from].step) path_.push_back(s);
        std::size_t to = end_node_;
        for (const Step& s : path_) {
            let_go(s.firm);
            hold(s.firm, to == nobody ? AdviserId() : AdviserId(to), s.worth);
            to = s.from;
        }
        path_.clear();
        return true;
    }
    void look_ahead(std::size_t j) {
        const double here = reached_[j].loss;
        for (const std::uint32_t member : members_[j]) {
            if (end_ <= here + coarse_) return;  // nothing can be nearer by more
            const FirmId i(member);
            const double level = here + worth_[i] - price_[j];
            end_at(nobody, std::max(here, level), {j, i, 0});
            for (const Candidate& c : lists_->of(i)) {
                look();
                const auto value = static_cast<double>(c.value);
                // Lists are in single precision: a loss may seem to be below 0 by a rounding.
                const double loss = std::max(here, level - value + price_[c.adviser]);
                if (loss >= end_ || loss >= reached_[c.adviser].loss) continue;
                const Step step{j, i, value};
                reach(c.adviser, loss, step);
                if (free_seats(c.adviser) > 0) end_at(c.adviser, loss, step);
            }
        }
    }

    /// False when the seat stays empty.
    bool pull_to(std::size_t root) {
        if (listers_begin_.empty()) list_listers();
        begin_search(root, worth_filling_);
        for (std::size_t j = next_node(); j != nobody; j = next_node()) look_back(j);
        if (!found_) return false;
        for (const std::uint32_t j : seen_) {
            if (reached_[j].loss < end_)
                price_[j] = std::max(0.0, price_[j] - (end_ - reached_[j].loss));
        }
        const bool filled = end_step_.from != nobody;
        std::size_t to = nobody;
        for (Step s = end_step_; s.from != nobody; s = reached_[s.from].step) {
            to = s.from;
            if (held_[s.firm].known()) let_go(s.firm);
            hold(s.firm, AdviserId(to), s.worth);
        }
        return filled;
    }
    void look_back(std::size_t k) {
        const double here = reached_[k].loss;
        end_at(k, here + price_[k], reached_[k].step);  // the price falls to 0
        for (std::size_t at = listers_begin_[k]; at < listers_begin_[k + 1]; ++at) {
            if (end_ <= here + coarse_) return;
            const Lister l = listers_[at];
            look();
            const AdviserId j = held_[l.firm];
            if (j == AdviserId(k)) continue;
            const auto value = static_cast<double>(l.value);
            const double now = j.known() ? worth_[l.firm] - price_[j] : worth_[l.firm];
            const double loss = std::max(here, here + now - value + price_[k]);
            const Step step{k, l.firm, value};
            if (!j.known()) {
                end_at(nobody, loss, step);
            } else if (loss < end_ && loss < reached_[j].loss) {
                reach(j, loss, step);
            }
        }
    }
    void list_listers() {
        listers_begin_.assign(room_.size() + 1, 0);
        for (std::size_t i = 0; i < held_.size(); ++i) {
            for (const Candidate& c : lists_->of(FirmId(i))) ++listers_begin_[c.adviser + 1];
        }
        std::partial_sum(listers_begin_.begin(), listers_begin_.end(), listers_begin_.begin());
        listers_.resize(listers_begin_.back());
        std::vector<std::size_t> at(listers_begin_.begin(), listers_begin_.end() - 1);
        for (std::size_t i = 0; i < held_.size(); ++i) {
            for (const Candidate& c : lists_->of(FirmId(i)))
                listers_[at[c.adviser]++] = {FirmId(i), c.value};
        }
    }

    /// What no path placed leaves its adviser, the least loss first.
    void drop_surplus() {
        std::vector<char> crowded(room_.size(), 0);
        for (std::size_t j = 0; j < room_.size(); ++j) crowded[j] = free_seats(j) < 0 ? 1 : 0;
        if (std::find(crowded.begin(), crowded.end(), 1) == crowded.end()) return;
        std::vector<FirmId> order;
        for (std::size_t i = 0; i < held_.size(); ++i) {
            if (held_[i].known() && crowded[held_[i]] != 0) order.emplace_back(i);
        }
        std::sort(order.begin(), order.end(), [&](FirmId a, FirmId b) {
            return worth_[a] != worth_[b] ? worth_[a] < worth_[b] : a < b;
        });
        for (const FirmId i : order) {
            const AdviserId j = held_[i];
            if (free_seats(j) >= 0) continue;
            if (lists_->of(i).empty()) {
                --unlisted_[j];
                held_[i] = AdviserId();
            } else {
                let_go(i);
            }
            worth_[i] = 0;
        }
    }

    const CandidateLists* lists_;
    std::span<const std::int64_t> room_;
    std::vector<double> price_;
    std::vector<double> worth_;
    std::vector<AdviserId> held_;
    std::vector<std::uint32_t> place_;  ///< of a firm among the members of its adviser
    std::vector<std::vector<std::uint32_t>> members_;  ///< firms with a list, per adviser
    std::vector<std::int64_t> unlisted_;               ///< others that the adviser holds
    std::vector<std::size_t> listers_begin_;  ///< firms that list an adviser, once they are asked
    std::vector<Lister> listers_;
    std::uint64_t looks_left_ = 0;
    double worth_filling_ = HUGE_VAL;
    double coarse_ = 0;  ///< two losses count as equal up to this

    // One search.
    std::vector<Reached> reached_;
    std::vector<std::uint32_t> seen_;
    std::vector<Open> open_;
    std::vector<Step> path_;
    double end_ = HUGE_VAL;
    bool found_ = false;
    std::size_t end_node_ = nobody;
    Step end_step_;
};

}  // namespace libmatch
