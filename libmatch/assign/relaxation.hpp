// The smallest relaxation of limits that contradict each other, with its proof.
//
// Problem: minimum demands, minimum loads, pins and capacities may leave no assignment. Wanted: the
// least number of units by which capacities are raised, minimums lowered and pins dropped so that
// one exists; 0 if one exists already. This is the assignment problem with utility 0 for each pair
// and 1 for each pin, where a unit over a capacity or under a minimum costs 1: a minimum cost flow.
// Its prices per adviser lie in {-1, 0, 1}: a seat is never worth more than a unit of relaxation
// (docs/model.md, "Infeasible"). So two maximum flows solve it:
//
//   seats   at prices 0, pins and minimum demands are given seats; where that fails, the advisers
//           that the rest can reach are full, and their price rises to 1;
//   loads   at these prices, minimum loads are given firms by moves that cost nothing; where that
//           fails, the price of the advisers that lack and of all that could help falls by 1.
//
// A plain greedy start places nearly everything, so a flow (max_flow.hpp) sees only what can reach
// the rest. Only pairs of a firm with a minimum demand or an adviser with a minimum load count.
// Sources that store rows give them all; of others each firm begins with a few pairs, and pairs
// that would help at the prices are added until there are none, so the proof is about all pairs and
// memory is not.
//
// Complexity: the flows, O(pairs at hand) beside them; per round O(improvable firms x advisers at
// low prices) questions to a source without rows; a few rounds in practice. Memory O(n + m + pairs
// at hand). Preconditions: limits without faults. Deterministic for any number of threads. Sources:
// R. K. Ahuja, T. L. Magnanti, J. B. Orlin, "Network Flows", 1993, sections 6.7 and 9.8; A. J.
// Hoffman, "Some recent applications of the theory of linear inequalities to extremal combinatorial
// analysis", 1960.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <libmatch/assign/max_flow.hpp>
#include <libmatch/core/control.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/model/assignment.hpp>
#include <libmatch/retrieve/source.hpp>

namespace libmatch {

struct SmallestRelaxation {
    std::int64_t units = 0;           ///< 0: the limits do not contradict each other
    std::vector<std::int8_t> price;   ///< per adviser; they prove that less is not enough
    std::vector<Relaxation> changes;  ///< capacity, min_load, min_demand, pin; by index
    std::vector<Pair> pairs;          ///< sorted; they meet the relaxed limits
};

class RelaxationSearch {
  public:
    struct Options {
        std::size_t all_pairs_up_to = std::size_t{1} << 22;  ///< n m; beyond, pairs are added
        std::size_t width = 16;  ///< pairs per firm to begin with, and to add in a round
        unsigned threads = 0;    ///< 0 = all cores; never changes the answer
    };

    RelaxationSearch(const PairSource& source, const AssignmentLimits& limits)
        : RelaxationSearch(source, limits, Options{}) {}
    RelaxationSearch(const PairSource& source, const AssignmentLimits& limits, Options options)
        : source_(source),
          limits_(limits),
          options_(options),
          n_(source.firms()),
          m_(source.advisers()) {
        for (const Pair& p : limits.pinned) {
            (source.eligible(p.firm, p.adviser) ? pins_ : lost_pins_).push_back(p);
        }
        for (std::size_t j = 0; j < m_; ++j) wanting_ = wanting_ || min_load(j) > 0;
    }

    /// Nothing when control stopped the work before it was done.
    std::optional<SmallestRelaxation> run(const Control& control) {
        begin_with_pairs(control);
        while (!control.stop()) {
            price_.assign(m_, 0);
            index_columns();
            give_seats();
            give_loads();
            assert(cost() == dual_value());
            if (cost() == 0 || complete_ || !add_pairs()) return answer();
        }
        return std::nullopt;
    }

  private:
    using Arc = std::uint32_t;
    static constexpr int no_moves = 100;  ///< a level that no pair has

    // ---- limits ----

    [[nodiscard]] std::int64_t capacity(std::size_t j) const { return limits_.capacity[j]; }
    [[nodiscard]] std::int64_t min_load(std::size_t j) const {
        return limits_.min_load_of(AdviserId(j));
    }
    [[nodiscard]] std::int32_t demand(std::size_t i) const { return limits_.demand_of(FirmId(i)); }
    [[nodiscard]] std::int32_t min_demand(std::size_t i) const {
        return limits_.min_demand_of(FirmId(i));
    }
    /// Other pairs can meet no minimum.
    [[nodiscard]] bool counts(std::size_t i, std::size_t j) const {
        return min_demand(i) > 0 || min_load(j) > 0;
    }
    [[nodiscard]] bool takes_part(std::size_t i) const {
        return demand(i) > 0 && (wanting_ || min_demand(i) > 0);
    }

    // ---- pairs at hand ----

    /// New pairs of a firm, to be merged into the rows.
    struct Row {
        std::uint32_t firm = 0;
        std::vector<std::uint32_t> column;
    };

    void begin_with_pairs(const Control& control) {
        begin_.assign(n_ + 1, 0);
        const auto stored = source_.stored();
        complete_ = stored.has_value() || n_ * m_ <= options_.all_pairs_up_to;
        std::vector<Row> rows;
        Row row;
        const auto keep = [&](std::size_t i) {
            if (row.column.empty()) return;
            row.firm = static_cast<std::uint32_t>(i);
            rows.push_back(std::exchange(row, {}));
        };
        if (complete_) {
            for (std::size_t i = 0; i < n_; ++i) {
                if (!takes_part(i)) continue;
                if (stored) {
                    for (auto e = static_cast<std::size_t>(stored->begin[i]);
                         e < static_cast<std::size_t>(stored->begin[i + 1]); ++e) {
                        if (counts(i, stored->column[e])) row.column.push_back(stored->column[e]);
                    }
                } else {
                    for (std::size_t j = 0; j < m_; ++j) {
                        if (counts(i, j) && source_.eligible(FirmId(i), AdviserId(j)))
                            row.column.push_back(static_cast<std::uint32_t>(j));
                    }
                }
                keep(i);
            }
        } else {
            std::vector<FirmId> who;
            for (std::size_t i = 0; i < n_; ++i) {
                if (takes_part(i)) who.emplace_back(i);
            }
            // Those with a minimum load first; which pairs a list holds is a matter of speed only.
            std::vector<double> prices(m_, 0.0);
            const double gap = 2 + 2 * std::fabs(std::min(1e9, source_.utility_limit()));
            for (std::size_t j = 0; j < m_; ++j) {
                if (min_load(j) > 0) prices[j] = -gap;
            }
            CandidateLists lists(n_, std::clamp<std::size_t>(options_.width, 1, m_));
            source_.best_spread(who, prices, lists, options_.threads, control);
            if (control.stop()) return;
            for (const FirmId i : who) {
                for (const Candidate& c : lists.of(i)) {
                    if (counts(i, c.adviser)) row.column.push_back(c.adviser.value);
                }
                std::sort(row.column.begin(), row.column.end());
                keep(i);
            }
        }
        merge(rows, true);
    }

    /// Puts new pairs, and in the beginning the pins, into the rows.
    void merge(const std::vector<Row>& rows, bool with_pins) {
        std::vector<std::size_t> begin(n_ + 1, 0);
        std::vector<std::uint32_t> column;
        std::vector<std::uint8_t> pinned;
        std::size_t at = 0, pin = 0;
        std::vector<std::pair<std::uint32_t, std::uint8_t>> all;
        for (std::size_t i = 0; i < n_; ++i) {
            all.clear();
            for (std::size_t e = begin_[i]; e < begin_[i + 1]; ++e)
                all.emplace_back(column_[e], pinned_[e]);
            if (at < rows.size() && rows[at].firm == i) {
                for (const std::uint32_t j : rows[at].column) all.emplace_back(j, std::uint8_t{0});
                ++at;
            }
            for (; with_pins && pin < pins_.size() && pins_[pin].firm == i; ++pin) {
                const auto j = pins_[pin].adviser.value;
                const auto old = std::find_if(all.begin(), all.end(),
                                              [&](const auto& a) { return a.first == j; });
                if (old != all.end()) all.erase(old);
                all.emplace_back(j, std::uint8_t{1});
            }
            std::sort(all.begin(), all.end());
            for (const auto& [j, fixed] : all) {
                column.push_back(j);
                pinned.push_back(fixed);
            }
            begin[i + 1] = column.size();
        }
        begin_ = std::move(begin);
        column_ = std::move(column);
        pinned_ = std::move(pinned);
    }

    void index_columns() {
        assert(column_.size() < std::numeric_limits<Arc>::max());
        firm_of_.resize(column_.size());
        column_begin_.assign(m_ + 1, 0);
        for (const std::uint32_t j : column_) ++column_begin_[j + 1];
        std::partial_sum(column_begin_.begin(), column_begin_.end(), column_begin_.begin());
        by_column_.resize(column_.size());
        std::vector<std::size_t> next(column_begin_.begin(), column_begin_.end() - 1);
        for (std::size_t i = 0; i < n_; ++i) {
            for (std::size_t e = begin_[i]; e < begin_[i + 1]; ++e) {
                firm_of_[e] = static_cast<std::uint32_t>(i);
                by_column_[next[column_[e]]++] = static_cast<Arc>(e);
            }
        }
    }

    // ---- the state: which pairs are held ----

    void hold(std::size_t e) {
        held_[e] = 1;
        ++load_[column_[e]];
        ++degree_[firm_of_[e]];
    }
    void release(std::size_t e) {
        held_[e] = 0;
        --load_[column_[e]];
        --degree_[firm_of_[e]];
    }
    /// What the firm pays for the pair at the prices; a pin is worth 1.
    [[nodiscard]] int pays(std::size_t e) const { return price_[column_[e]] - pinned_[e]; }
    [[nodiscard]] std::size_t free_pairs(std::size_t i) const {
        return begin_[i + 1] - begin_[i] - static_cast<std::size_t>(degree_[i]);
    }
    /// The most that the firm pays for a pair it holds.
    [[nodiscard]] int highest_held(std::size_t i) const {
        int most = -no_moves;
        for (std::size_t e = begin_[i]; e < begin_[i + 1]; ++e) {
            if (held_[e] != 0) most = std::max(most, pays(e));
        }
        return most;
    }
    /// A pair that costs less than this improves the firm's choice.
    [[nodiscard]] int worth_asking(std::size_t i) const {
        if (degree_[i] < min_demand(i)) return 1;
        const int most = highest_held(i);
        return degree_[i] < demand(i) ? std::max(0, most) : most;
    }

    // ---- seats for pins and minimum demands ----

    void give_seats() {
        held_.assign(column_.size(), 0);
        load_.assign(m_, 0);
        degree_.assign(n_, 0);
        for (std::size_t e = 0; e < column_.size(); ++e) {
            if (pinned_[e] != 0 && degree_[firm_of_[e]] < demand(firm_of_[e])) hold(e);
        }
        for (std::size_t i = 0; i < n_; ++i) {
            while (degree_[i] < min_demand(i) && take_roomiest(i)) {
            }
        }
        set_levels();
        gives_.assign(m_, 0);
        wants_.assign(m_, 0);
        for (std::size_t j = 0; j < m_; ++j) {
            gives_[j] = std::max<std::int64_t>(0, load_[j] - capacity(j));
            wants_[j] = std::max<std::int64_t>(0, capacity(j) - load_[j]);
        }
        adds_.assign(n_, 0);
        for (std::size_t i = 0; i < n_; ++i) {
            if (degree_[i] < min_demand(i))
                adds_[i] = std::min<std::int64_t>(min_demand(i) - degree_[i],
                                                  static_cast<std::int64_t>(free_pairs(i)));
        }
        for (const std::size_t j : improve(Side::giving)) price_[j] = 1;
        // What is left pays 1 either way: as a seat beyond a capacity, or as a lower minimum.
        for (std::size_t i = 0; i < n_; ++i) {
            while (degree_[i] < min_demand(i) && take_largest(i)) {
            }
        }
    }

    bool take_roomiest(std::size_t i) {
        return take_best(i, [&](std::size_t j) { return capacity(j) - load_[j]; });
    }
    bool take_largest(std::size_t i) {
        return take_best(i, [&](std::size_t j) { return capacity(j) + 1; });
    }
    /// Holds the free pair of the largest score above 0, if there is one.
    template <class Score>
    bool take_best(std::size_t i, const Score& score) {
        std::size_t best = column_.size();
        std::int64_t most = 0;
        for (std::size_t e = begin_[i]; e < begin_[i + 1]; ++e) {
            if (held_[e] != 0) continue;
            const std::int64_t value = score(column_[e]);
            if (value <= most) continue;
            most = value;
            best = e;
        }
        if (best == column_.size()) return false;
        hold(best);
        return true;
    }

    // ---- firms for minimum loads ----

    void give_loads() {
        if (!wanting_) return;
        for (std::size_t i = 0; i < n_; ++i) {
            if (degree_[i] < min_demand(i) || highest_held(i) > 0) continue;
            while (degree_[i] < demand(i) && take_neediest(i)) {
            }
        }
        set_levels();
        for (std::size_t j = 0; j < m_; ++j) {
            const bool scarce = price_[j] > 0;
            gives_[j] = std::max<std::int64_t>(0, load_[j] - (scarce ? capacity(j) : min_load(j)));
            wants_[j] = scarce ? 0 : std::max<std::int64_t>(0, min_load(j) - load_[j]);
        }
        for (std::size_t i = 0; i < n_; ++i) {
            adds_[i] = level_[i] == 0 && degree_[i] >= min_demand(i) ? demand(i) - degree_[i] : 0;
        }
        for (const std::size_t j : improve(Side::wanting)) --price_[j];
    }
    bool take_neediest(std::size_t i) {
        return take_best(i, [&](std::size_t j) {
            return price_[j] == 0 ? min_load(j) - load_[j] : std::int64_t{0};
        });
    }

    // ---- moves that cost nothing ----

    /// Each firm's level: a pair held and a pair free that both cost so much can be exchanged.
    void set_levels() {
        level_.assign(n_, no_moves);
        for (std::size_t i = 0; i < n_; ++i) {
            if (begin_[i] == begin_[i + 1]) continue;
            const int most = highest_held(i);
            if (degree_[i] < demand(i)) {
                level_[i] = std::max(0, most);
            } else if (degree_[i] > 0) {
                level_[i] = most;
            }
        }
    }
    [[nodiscard]] bool moves(std::size_t e) const { return pays(e) == level_[firm_of_[e]]; }

    enum class Side { giving, wanting };

    /// Units go from where there are too many (gives_, adds_) to where they are missing (wants_),
    /// as many as can. Returns the advisers that units left over can reach, or that could reach
    /// those that still lack.
    std::vector<std::size_t> improve(Side side) {
        if (reach(side)) {
            // Only what lies on a way between the two sides takes part.
            const auto firms = near_firm_, advisers = near_adviser_;
            reach(side == Side::giving ? Side::wanting : Side::giving);
            for (std::size_t i = 0; i < n_; ++i) near_firm_[i] &= firms[i];
            for (std::size_t j = 0; j < m_; ++j) near_adviser_[j] &= advisers[j];
            flow();
            const bool more = reach(side);
            assert(!more);
            static_cast<void>(more);
        }
        std::vector<std::size_t> cut;
        for (std::size_t j = 0; j < m_; ++j) {
            if (near_adviser_[j] != 0) cut.push_back(j);
        }
        return cut;
    }

    /// Marks the nodes that can be reached from one side. True if the other side is among them.
    bool reach(Side side) {
        near_firm_.assign(n_, 0);
        near_adviser_.assign(m_, 0);
        bool met = false;
        std::vector<std::uint32_t> firms, advisers;
        const auto see_firm = [&](std::size_t i) {
            if (near_firm_[i] != 0) return;
            near_firm_[i] = 1;
            met = met || (side == Side::wanting && adds_[i] > 0);
            firms.push_back(static_cast<std::uint32_t>(i));
        };
        const auto see_adviser = [&](std::size_t j) {
            if (near_adviser_[j] != 0) return;
            near_adviser_[j] = 1;
            met = met || (side == Side::giving ? wants_[j] : gives_[j]) > 0;
            advisers.push_back(static_cast<std::uint32_t>(j));
        };
        for (std::size_t j = 0; j < m_; ++j) {
            if ((side == Side::giving ? gives_[j] : wants_[j]) > 0) see_adviser(j);
        }
        for (std::size_t i = 0; side == Side::giving && i < n_; ++i) {
            if (adds_[i] > 0) see_firm(i);
        }
        // Forth, a unit leaves an adviser by a pair held and comes by a pair free; back, it is the
        // other way round.
        const std::uint8_t leaving = side == Side::giving ? 1 : 0;
        while (!firms.empty() || !advisers.empty()) {
            if (!advisers.empty()) {
                const std::uint32_t j = advisers.back();
                advisers.pop_back();
                for (std::size_t k = column_begin_[j]; k < column_begin_[j + 1]; ++k) {
                    const Arc e = by_column_[k];
                    if (held_[e] == leaving && moves(e)) see_firm(firm_of_[e]);
                }
                continue;
            }
            const std::uint32_t i = firms.back();
            firms.pop_back();
            for (std::size_t e = begin_[i]; e < begin_[i + 1]; ++e) {
                if (held_[e] != leaving && moves(e)) see_adviser(column_[e]);
            }
        }
        return met;
    }

    /// A maximum flow of units among the nodes that were reached.
    void flow() {
        std::vector<std::uint32_t> firm_node(n_, 0), adviser_node(m_, 0);
        std::uint32_t nodes = 2;  // 0 and 1: where units come from and go to
        for (std::size_t i = 0; i < n_; ++i) {
            if (near_firm_[i] != 0) firm_node[i] = nodes++;
        }
        for (std::size_t j = 0; j < m_; ++j) {
            if (near_adviser_[j] != 0) adviser_node[j] = nodes++;
        }
        std::vector<FlowArc> arcs;
        std::vector<Arc> pair_of;
        for (std::size_t i = 0; i < n_; ++i) {
            if (near_firm_[i] == 0) continue;
            for (std::size_t e = begin_[i]; e < begin_[i + 1]; ++e) {
                if (!moves(e) || near_adviser_[column_[e]] == 0) continue;
                const std::uint32_t from = firm_node[i], to = adviser_node[column_[e]];
                arcs.push_back(held_[e] != 0 ? FlowArc{to, from, 1} : FlowArc{from, to, 1});
                pair_of.push_back(static_cast<Arc>(e));
            }
        }
        // Where units come from and go to, and what remains of that.
        std::vector<std::int64_t*> rest;
        const auto end = [&](std::uint32_t from, std::uint32_t to, std::int64_t& units) {
            if (units <= 0) return;
            arcs.push_back({from, to, units});
            rest.push_back(&units);
        };
        for (std::size_t i = 0; i < n_; ++i) {
            if (near_firm_[i] != 0) end(0, firm_node[i], adds_[i]);
        }
        for (std::size_t j = 0; j < m_; ++j) {
            if (near_adviser_[j] == 0) continue;
            end(0, adviser_node[j], gives_[j]);
            end(adviser_node[j], 1, wants_[j]);
        }
        // Push-relabel starts from all units of one side at once: from the smaller one.
        std::int64_t come = 0, go = 0;
        for (std::size_t k = pair_of.size(); k < arcs.size(); ++k)
            (arcs[k].from == 0 ? come : go) += arcs[k].capacity;
        const bool back = go < come;
        if (back) {
            for (FlowArc& a : arcs) std::swap(a.from, a.to);
        }
        const std::vector<std::int64_t> sent =
            maximum_flow(nodes, arcs, back ? 1 : 0, back ? 0 : 1);
        for (std::size_t k = 0; k < pair_of.size(); ++k) {
            if (sent[k] == 0) continue;
            const Arc e = pair_of[k];
            held_[e] != 0 ? release(e) : hold(e);
        }
        for (std::size_t k = 0; k < rest.size(); ++k) *rest[k] -= sent[pair_of.size() + k];
    }

    // ---- pairs that are missing ----

    /// Adds pairs that would improve a firm's choice at the prices. False if there is none.
    bool add_pairs() {
        std::vector<std::uint32_t> low, none;  // advisers at price -1, and at 0
        for (std::size_t j = 0; j < m_; ++j) {
            if (price_[j] < 0) low.push_back(static_cast<std::uint32_t>(j));
            if (price_[j] == 0) none.push_back(static_cast<std::uint32_t>(j));
        }
        constexpr std::size_t chunk = 1024;
        std::vector<std::vector<Row>> found((n_ + chunk - 1) / chunk);
        parallel_chunks(n_, chunk, options_.threads, [&](std::size_t begin, std::size_t end) {
            auto& rows = found[begin / chunk];
            for (std::size_t i = begin; i < end; ++i) {
                if (!takes_part(i)) continue;
                const int worth = worth_asking(i);
                Row row{static_cast<std::uint32_t>(i), {}};
                if (worth >= 0) ask(i, low, row);
                if (worth >= 1) ask(i, none, row);
                if (row.column.empty()) continue;
                std::sort(row.column.begin(), row.column.end());
                rows.push_back(std::move(row));
            }
        });
        std::vector<Row> rows;
        for (auto& part : found) std::move(part.begin(), part.end(), std::back_inserter(rows));
        if (rows.empty()) return false;
        merge(rows, false);
        return true;
    }

    /// Eligible pairs with these advisers that are not at hand, up to the width. Firms begin at
    /// different advisers, so that they do not all add the same ones.
    void ask(std::size_t i, const std::vector<std::uint32_t>& advisers, Row& row) const {
        if (advisers.empty()) return;
        constexpr std::size_t stride = 7919;
        const std::size_t start = i * stride % advisers.size();
        const auto own = std::span(column_).subspan(begin_[i], begin_[i + 1] - begin_[i]);
        for (std::size_t k = 0; k < advisers.size() && row.column.size() < options_.width; ++k) {
            const std::uint32_t j = advisers[(start + k) % advisers.size()];
            if (!counts(i, j) || std::binary_search(own.begin(), own.end(), j)) continue;
            if (source_.eligible(FirmId(i), AdviserId(j))) row.column.push_back(j);
        }
    }

    // ---- the answer ----

    [[nodiscard]] std::int64_t cost() const {
        auto units = static_cast<std::int64_t>(lost_pins_.size());
        for (std::size_t j = 0; j < m_; ++j) {
            units += std::max<std::int64_t>(0, load_[j] - capacity(j));
            units += std::max<std::int64_t>(0, min_load(j) - load_[j]);
        }
        for (std::size_t i = 0; i < n_; ++i)
            units += std::max<std::int64_t>(0, min_demand(i) - degree_[i]);
        for (std::size_t e = 0; e < column_.size(); ++e)
            units += pinned_[e] != 0 && held_[e] == 0 ? 1 : 0;
        return units;
    }

    /// What the prices prove about the pairs at hand, each firm's choice being its best.
    [[nodiscard]] std::int64_t dual_value() const {
        auto units = static_cast<std::int64_t>(limits_.pinned.size());
        for (std::size_t j = 0; j < m_; ++j)
            units += price_[j] > 0 ? -capacity(j) : price_[j] < 0 ? min_load(j) : 0;
        std::vector<int> costs;
        for (std::size_t i = 0; i < n_; ++i) {
            costs.clear();
            for (std::size_t e = begin_[i]; e < begin_[i + 1]; ++e) costs.push_back(pays(e));
            std::sort(costs.begin(), costs.end());
            std::int64_t taken = 0;
            for (const int c : costs) {
                if (taken == demand(i) || c > 0 || (c == 0 && taken >= min_demand(i))) break;
                units += c;
                ++taken;
            }
            units += std::max<std::int64_t>(0, min_demand(i) - taken);
        }
        return units;
    }

    [[nodiscard]] SmallestRelaxation answer() const {
        using Limit = Relaxation::Limit;
        SmallestRelaxation a{cost(), price_, {}, {}};
        const auto change = [&](Limit limit, FirmId i, AdviserId j, std::int64_t before,
                                std::int64_t after) {
            a.changes.push_back({limit, i, j, before, after});
        };
        for (std::size_t j = 0; j < m_; ++j) {
            if (load_[j] > capacity(j))
                change(Limit::capacity, {}, AdviserId(j), capacity(j), load_[j]);
        }
        for (std::size_t j = 0; j < m_; ++j) {
            if (load_[j] < min_load(j))
                change(Limit::min_load, {}, AdviserId(j), min_load(j), load_[j]);
        }
        for (std::size_t i = 0; i < n_; ++i) {
            if (degree_[i] < min_demand(i))
                change(Limit::min_demand, FirmId(i), {}, min_demand(i), degree_[i]);
        }
        std::vector<Pair> dropped = lost_pins_;
        for (std::size_t e = 0; e < column_.size(); ++e) {
            const Pair p{FirmId(firm_of_[e]), AdviserId(column_[e])};
            if (held_[e] != 0) {
                a.pairs.push_back(p);
            } else if (pinned_[e] != 0) {
                dropped.push_back(p);
            }
        }
        std::sort(dropped.begin(), dropped.end());
        for (const Pair& p : dropped) change(Limit::pin, p.firm, p.adviser, 1, 0);
        return a;
    }

    const PairSource& source_;
    const AssignmentLimits& limits_;
    Options options_;
    std::size_t n_, m_;
    std::vector<Pair> pins_, lost_pins_;  ///< eligible, and not
    bool wanting_ = false;                ///< there is a minimum load
    bool complete_ = false;               ///< all pairs that count are at hand

    // Pairs by firm and by adviser.
    std::vector<std::size_t> begin_, column_begin_;
    std::vector<std::uint32_t> column_, firm_of_;
    std::vector<std::uint8_t> pinned_;
    std::vector<Arc> by_column_;

    std::vector<std::int8_t> price_;
    std::vector<std::uint8_t> held_;
    std::vector<std::int64_t> load_;
    std::vector<std::int32_t> degree_;
    std::vector<int> level_;
    std::vector<std::int64_t> gives_, wants_, adds_;  ///< units too many, missing, that firms add
    std::vector<std::uint8_t> near_firm_, near_adviser_;
};

}  // namespace libmatch
