// Exact assignment in whole units, with every kind of limit.
//
// Problem: max sum v_ij x_ij over the given arcs, v whole numbers; demand, minimum demand,
// capacity, minimum load, pins. Minimums count first: the answer meets as many units of them as any
// answer can. Method: improving cycles in the condensed residual graph. Its nodes are the advisers
// and one node for "nobody"; the arc j -> k is the best move of a firm from j to k, "nobody" -> k a
// firm that takes one adviser more, and so on. While a cycle of positive gain exists, it is
// applied; Bellman-Ford finds it, or ends with potentials that are optimal prices. So any start
// works, and a good one (from the auction) leaves a handful of cycles. Complexity: O(m^2) arcs at
// most; each search O(m E) at worst, in practice a few passes; the number of cycles is bounded by
// the missing gain in units. Memory O(arcs + condensed arcs). Preconditions: |v| (n + m) fits 62
// bits (checked by the caller through hard_weight). Deterministic: one thread. Sources: M. Klein,
// "A primal method for minimal cost flows", Management Science 14, 1967; B. V. Cherkassky, A. V.
// Goldberg, "Negative-cycle detection algorithms", Mathematical Programming 85, 1999.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <libmatch/core/control.hpp>
#include <libmatch/model/assignment.hpp>

namespace libmatch {

/// An eligible pair with its value in whole units.
struct Arc {
    FirmId firm;
    AdviserId adviser;
    std::int64_t value = 0;
};

class ExactAssignment {
  public:
    /// `arcs` sorted by firm, then adviser. `hard_weight`: worth of one unit of a minimum; more
    /// than any sum of values.
    ExactAssignment(const AssignmentLimits& limits, std::size_t firms, std::vector<Arc> arcs,
                    std::int64_t hard_weight)
        : limits_(&limits),
          arcs_(std::move(arcs)),
          hard_(hard_weight),
          nobody_(limits.capacity.size()),
          begin_(firms + 1, 0),
          held_(arcs_.size(), 0),
          pinned_(arcs_.size(), 0),
          degree_(firms, 0),
          members_(limits.capacity.size()),
          rows_(nobody_ + 1),
          gain_(nobody_ + 1, none),
          via_(nobody_ + 1, no_arc),
          label_(nobody_ + 1, 0) {
        for (const Arc& a : arcs_) ++begin_[a.firm + 1];
        std::partial_sum(begin_.begin(), begin_.end(), begin_.begin());
        for (const Pair& p : limits.pinned) {
            const std::size_t e = find(p);
            pinned_[e] = 1;
            hold(e);
        }
    }

    /// Starts from these pairs (as far as capacity and demand allow) and these prices.
    void start(std::span<const Pair> pairs, std::span<const std::int64_t> prices) {
        for (const Pair& p : pairs) {
            const std::size_t e = find(p);
            if (e != no_arc && held_[e] == 0 && degree_[p.firm] < limits_->demand_of(p.firm) &&
                static_cast<std::int64_t>(members_[p.adviser].size()) <
                    limits_->capacity[p.adviser]) {
                hold(e);
            }
        }
        for (std::size_t j = 0; j < nobody_; ++j) label_[j] = prices[j];
        label_[nobody_] = 0;
    }

    /// Takes arcs by falling value while limits allow: a start for problems without an auction.
    void start_greedily() {
        std::vector<std::size_t> order(arcs_.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(),
                         [&](auto a, auto b) { return arcs_[a].value > arcs_[b].value; });
        for (const std::size_t e : order) {
            const Arc& a = arcs_[e];
            if (a.value <= 0) break;
            if (held_[e] == 0 && degree_[a.firm] < limits_->demand_of(a.firm) &&
                static_cast<std::int64_t>(members_[a.adviser].size()) <
                    limits_->capacity[a.adviser]) {
                hold(e);
            }
        }
    }

    /// Improves until optimal (true) or until control stops (false).
    bool run(Control& control) {
        for (std::size_t j = 0; j <= nobody_; ++j) build_row(j);
        while (true) {
            const auto cycle = find_cycle(control);
            if (stopped_) return false;
            if (cycle.empty()) return true;
            apply(cycle);
        }
    }

    [[nodiscard]] std::vector<Pair> pairs() const {
        std::vector<Pair> out;
        for (std::size_t e = 0; e < arcs_.size(); ++e) {
            if (held_[e] != 0) out.push_back({arcs_[e].firm, arcs_[e].adviser});
        }
        return out;
    }
    /// Prices in units; optimal when run() returned true.
    [[nodiscard]] std::vector<std::int64_t> prices() const {
        std::vector<std::int64_t> out(nobody_);
        for (std::size_t j = 0; j < nobody_; ++j) out[j] = label_[j] - label_[nobody_];
        return out;
    }
    /// Units of minimum demand and minimum load that the answer misses.
    [[nodiscard]] std::int64_t missing_minimums() const {
        std::int64_t missing = 0;
        for (std::size_t i = 0; i < degree_.size(); ++i) {
            missing += std::max(0, limits_->min_demand_of(FirmId(i)) - degree_[i]);
        }
        for (std::size_t j = 0; j < nobody_; ++j) {
            missing += std::max<std::int64_t>(0, limits_->min_load_of(AdviserId(j)) - load(j));
        }
        return missing;
    }

  private:
    static constexpr std::size_t no_arc = static_cast<std::size_t>(-1);
    static constexpr std::int64_t none = std::numeric_limits<std::int64_t>::min();

    /// A condensed arc; `leaves` and `takes` are arcs of the problem, or none.
    struct Move {
        std::size_t to = 0;
        std::int64_t gain = 0;
        std::size_t leaves = no_arc;
        std::size_t takes = no_arc;
    };

    [[nodiscard]] std::size_t find(Pair p) const {
        const auto first = arcs_.begin() + static_cast<std::ptrdiff_t>(begin_[p.firm]);
        const auto last = arcs_.begin() + static_cast<std::ptrdiff_t>(begin_[p.firm + 1]);
        const auto at = std::lower_bound(first, last, p.adviser,
                                         [](const Arc& a, AdviserId j) { return a.adviser < j; });
        return at != last && at->adviser == p.adviser ? static_cast<std::size_t>(at - arcs_.begin())
                                                      : no_arc;
    }
    [[nodiscard]] std::int64_t load(std::size_t j) const {
        return static_cast<std::int64_t>(members_[j].size());
    }
    void hold(std::size_t e) {
        held_[e] = 1;
        ++degree_[arcs_[e].firm];
        members_[arcs_[e].adviser].push_back(e);
    }
    void release(std::size_t e) {
        held_[e] = 0;
        --degree_[arcs_[e].firm];
        auto& m = members_[arcs_[e].adviser];
        m.erase(std::find(m.begin(), m.end(), e));
    }
    /// Worth of a minimum of the firm when it gains (or keeps) its unit number `unit`.
    [[nodiscard]] std::int64_t firm_minimum(FirmId i, std::int32_t unit) const {
        return unit <= limits_->min_demand_of(i) ? hard_ : 0;
    }
    [[nodiscard]] std::int64_t adviser_minimum(std::size_t j, std::int64_t unit) const {
        return unit <= limits_->min_load_of(AdviserId(j)) ? hard_ : 0;
    }

    void offer(std::size_t to, std::int64_t gain, std::size_t leaves, std::size_t takes,
               std::vector<Move>& row) {
        if (gain_[to] == none) {
            via_[to] = row.size();
            row.push_back({to, gain, leaves, takes});
            gain_[to] = gain;
        } else if (gain > gain_[to]) {
            row[via_[to]] = {to, gain, leaves, takes};
            gain_[to] = gain;
        }
    }

    /// Best move from j to every node.
    void build_row(std::size_t j) {
        auto& row = rows_[j];
        row.clear();
        if (j == nobody_) {
            for (std::size_t i = 0; i < degree_.size(); ++i) {
                const FirmId firm(i);
                if (degree_[i] >= limits_->demand_of(firm)) continue;
                const std::int64_t minimum = firm_minimum(firm, degree_[i] + 1);
                for (std::size_t e = begin_[i]; e < begin_[i + 1]; ++e) {
                    if (held_[e] == 0)
                        offer(arcs_[e].adviser, arcs_[e].value + minimum, no_arc, e, row);
                }
            }
            for (std::size_t k = 0; k < nobody_; ++k) {
                // An adviser without firms keeps a price of at least 0, unless it misses a minimum
                // load.
                if (load(k) > 0) {
                    offer(k, -adviser_minimum(k, load(k)), no_arc, no_arc, row);
                } else if (limits_->min_load_of(AdviserId(k)) == 0) {
                    offer(k, 0, no_arc, no_arc, row);
                }
            }
        } else {
            for (const std::size_t held : members_[j]) {
                if (pinned_[held] != 0) continue;
                const FirmId firm = arcs_[held].firm;
                for (std::size_t e = begin_[firm]; e < begin_[firm + 1]; ++e) {
                    if (held_[e] == 0) {
                        offer(arcs_[e].adviser, arcs_[e].value - arcs_[held].value, held, e, row);
                    }
                }
                offer(nobody_, -arcs_[held].value - firm_minimum(firm, degree_[firm]), held, no_arc,
                      row);
            }
            if (load(j) < limits_->capacity[j]) {
                offer(nobody_, adviser_minimum(j, load(j) + 1), no_arc, no_arc, row);
            }
        }
        for (const Move& m : row) gain_[m.to] = none;
    }

    struct Step {
        std::size_t from = 0;
        Move move;
    };

    /// Bellman-Ford with a queue, from the current labels. Returns a cycle of positive gain, or
    /// nothing.
    std::vector<Step> find_cycle(Control& control) {
        const std::size_t nodes = nobody_ + 1;
        std::vector<std::size_t> parent(nodes, no_arc), parent_move(nodes, 0), queue;
        std::vector<char> queued(nodes, 1);
        queue.reserve(nodes);
        for (std::size_t j = 0; j < nodes; ++j) queue.push_back(j);
        std::size_t since_check = 0;
        std::vector<std::size_t> next;
        while (!queue.empty()) {
            if (control.stop()) {
                stopped_ = true;
                return {};
            }
            next.clear();
            for (const std::size_t j : queue) {
                queued[j] = 0;
                for (std::size_t m = 0; m < rows_[j].size(); ++m) {
                    const Move& move = rows_[j][m];
                    if (label_[j] + move.gain <= label_[move.to]) continue;
                    label_[move.to] = label_[j] + move.gain;
                    parent[move.to] = j;
                    parent_move[move.to] = m;
                    ++since_check;
                    if (queued[move.to] == 0) {
                        queued[move.to] = 1;
                        next.push_back(move.to);
                    }
                }
            }
            queue.swap(next);
            if (since_check >= nodes || (!queue.empty() && since_check > 0)) {
                since_check = 0;
                auto cycle = parent_cycle(parent, parent_move);
                if (!cycle.empty()) return cycle;
            }
        }
        return {};
    }

    [[nodiscard]] std::vector<Step> parent_cycle(
        const std::vector<std::size_t>& parent, const std::vector<std::size_t>& parent_move) const {
        std::vector<std::size_t> seen(parent.size(), no_arc);
        for (std::size_t root = 0; root < parent.size(); ++root) {
            std::size_t at = root;
            while (at != no_arc && seen[at] == no_arc) {
                seen[at] = root;
                at = parent[at];
            }
            if (at == no_arc || seen[at] != root) continue;
            std::vector<Step> cycle;
            const std::size_t stop = at;
            do {
                cycle.push_back({parent[at], rows_[parent[at]][parent_move[at]]});
                at = parent[at];
            } while (at != stop);
            return cycle;
        }
        return {};
    }

    void apply(const std::vector<Step>& cycle) {
        for (const Step& s : cycle) {
            if (s.move.leaves != no_arc) release(s.move.leaves);
        }
        for (const Step& s : cycle) {
            if (s.move.takes != no_arc) hold(s.move.takes);
        }
        // Rows change where members or loads change, and where a firm's held arcs or degree change.
        std::vector<std::size_t> stale{nobody_};
        for (const Step& s : cycle) {
            stale.push_back(s.from);
            for (const std::size_t e : {s.move.leaves, s.move.takes}) {
                if (e == no_arc) continue;
                const FirmId firm = arcs_[e].firm;
                for (std::size_t f = begin_[firm]; f < begin_[firm + 1]; ++f) {
                    if (held_[f] != 0 || f == e) stale.push_back(arcs_[f].adviser);
                }
            }
        }
        std::sort(stale.begin(), stale.end());
        stale.erase(std::unique(stale.begin(), stale.end()), stale.end());
        for (const std::size_t j : stale) build_row(j);
    }

    const AssignmentLimits* limits_;
    std::vector<Arc> arcs_;
    std::int64_t hard_;
    std::size_t nobody_;
    std::vector<std::size_t> begin_;
    std::vector<char> held_, pinned_;
    std::vector<std::int32_t> degree_;
    std::vector<std::vector<std::size_t>> members_;  ///< arcs held at each adviser
    std::vector<std::vector<Move>> rows_;
    std::vector<std::int64_t> gain_;  ///< scratch of build_row
    std::vector<std::size_t> via_;    ///< scratch of build_row
    std::vector<std::int64_t> label_;
    bool stopped_ = false;
};

}  // namespace libmatch
