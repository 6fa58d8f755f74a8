// From the prices and pairs of an earlier answer to a proven one, when little has changed since.
//
// Problem: as in auction.hpp, given prices, and an assignment, that were good for a problem that
// differed little.
//
// Method: one question to the source gives, at the stored prices, the few best pairs of every firm.
// It proves a bound, and it shows which firms still hold a choice as good as their best, up to a
// tolerance that the asked gap leaves; firms that changed, came, or lost their adviser show by
// themselves, so nobody has to say who they are. Only these choose again, and what is then too much
// at one adviser and too little at another is moved along shortest paths (repair.hpp). Stored
// prices need not be mended for the proof: the bound is flat around its minimum, so it rises only
// by (units out of place) x (moves of prices) / 2, and an empty seat that was filled at a small
// loss counts with that loss alone. If the gap is still open, the prices at which the paths ended
// start one more round, as long as rounds bring the two nearer. The caller then
// solves anew, so a poor start costs time and never truth.
//
// Complexity: per round one question to the source about all firms, and the repair; one round in
// practice. Memory: a list of 4 pairs per firm. Preconditions: demand 1, no minimum loads, pins
// eligible and within capacity; prices from 0. Deterministic for any number of threads.
//
// Sources: D. P. Bertsekas, "Network Optimization", 1998, chapters 5 and 7 (reoptimisation from
// prices); R. K. Ahuja, T. L. Magnanti, J. B. Orlin, "Network Flows", 1993, section 9.11
// (sensitivity).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <libmatch/assign/certify.hpp>
#include <libmatch/assign/repair.hpp>
#include <libmatch/core/random.hpp>

namespace libmatch::detail {

class WarmStart {
  public:
    /// `limits`: capacities, pins and demands of at most 1 only.
    WarmStart(const PairSource& source, const AssignmentLimits& limits, unsigned threads,
              Control& control)
        : source_(source),
          limits_(limits),
          threads_(threads),
          control_(control),
          n_(source.firms()),
          m_(source.advisers()),
          room_(limits.capacity),
          held_(n_),
          value_(n_, 0.0),
          best_(n_),
          best_net_(n_, 0.0),
          slack_(n_, 0.0),
          rows_(source.stored()),
          pairs_(limits.pinned) {
        std::vector<char> taken(n_, 0);
        for (const Pair& p : limits.pinned) {
            --room_[p.adviser];
            taken[p.firm] = 1;
        }
        for (std::size_t i = 0; i < n_; ++i) {
            if (taken[i] == 0 && limits.demand_of(FirmId(i)) > 0) free_.emplace_back(i);
        }
    }

    /// Looks for an answer within the relative gap `asked`; true when it found one. `previous`:
    /// eligible pairs of distinct firms; those of firms without a choice are passed over, and
    /// capacities may be exceeded. Afterwards pairs() are lawful, and bound() is proven by prices()
    /// once proven().
    bool run(std::vector<double> prices, std::span<const Pair> previous, double asked,
             int max_rounds = usual_rounds) {
        take_over(previous);
        close_full_advisers(prices);
        double before = HUGE_VAL;
        for (int round = 0; round < max_rounds; ++round) {
            ask(prices);
            if (control_.stop()) break;
            keep_bound(prices);
            next_prices_ = prices;
            if (fits()) {  // what is good enough as it is stays as it is
                keep_answer();
                if (closed(asked)) return true;
            }
            mend(prices, asked);
            next_prices_ = prices;
            keep_answer();
            if (closed(asked)) return true;
            const double distance = bound_ - objective_;
            if (control_.stop() || distance > worth_a_round * before) break;
            before = distance;
            close_full_advisers(prices);
        }
        return false;
    }

    [[nodiscard]] bool proven() const { return !best_prices_.empty(); }
    [[nodiscard]] double bound() const { return bound_; }
    [[nodiscard]] const std::vector<double>& prices() const { return best_prices_; }
    /// Prices that fit the last answer better than those it began with; nothing is proven at them.
    [[nodiscard]] const std::vector<double>& next_prices() const { return next_prices_; }
    /// The best answer found, sorted; only the pins before there is one.
    [[nodiscard]] const std::vector<Pair>& pairs() const { return pairs_; }
    [[nodiscard]] double objective() const { return objective_; }
    /// About what a pair is worth.
    [[nodiscard]] double mean() const { return mean_; }

  private:
    static constexpr std::size_t listed = 4;  ///< pairs per firm; more cost time and close no gap
    /// A rounded net value is off by at most this part of its size.
    static constexpr double half_last_place = 0x1p-53;
    static constexpr int usual_rounds = 4;
    /// A round that leaves more than this of the distance is the last.
    static constexpr double worth_a_round = 0.7;
    /// Pairs that the repair may look at, per firm; beyond that a new solution is quicker.
    static constexpr std::uint64_t looks_per_firm = 40;
    /// Part of the distance allowed that the paths may give up beyond the least.
    static constexpr double path_part = 0.1;
    static constexpr double near_part = 0.02;  ///< of a mean utility; see near()
    /// Pairs that are looked at to fill seats that no path filled.
    static constexpr std::size_t most_looked_at = 300'000;
    /// From here on a quarter of the firms make paths enough.
    static constexpr std::size_t few_firms = 50'000;
    /// Part of the distance allowed that may be left in choices which are nearly best.
    static constexpr double kept_part = 0.85;

    [[nodiscard]] bool closed(double asked) const {
        return bound_ - objective_ <= asked * std::fabs(bound_);
    }
    [[nodiscard]] bool fits() const {
        std::vector<std::int64_t> room = room_;
        return std::all_of(free_.begin(), free_.end(),
                           [&](FirmId i) { return !held_[i].known() || --room[held_[i]] >= 0; });
    }

    void take_over(std::span<const Pair> previous) {
        for (const Pair& p : previous) held_[p.firm] = p.adviser;
        each_free([&](FirmId i) {
            if (held_[i].known()) value_[i] = source_.utility(i, held_[i]);
        });
        Sum sum;
        std::size_t count = 0;
        for (const FirmId i : free_) {
            sum.add(value_[i]);
            count += held_[i].known() ? 1 : 0;
        }
        mean_ = std::max(
            0.0, count > 0 ? sum.value() / static_cast<double>(count) : source_.utility_limit());
    }
    template <class Body>
    void each_free(const Body& body) const {
        parallel_chunks(free_.size(), chunk, threads_, [&](std::size_t begin, std::size_t end) {
            for (std::size_t k = begin; k < end; ++k) body(free_[k]);
        });
    }
    /// Where there is no seat left, a price that no firm pays: the bound then counts nobody there.
    void close_full_advisers(std::vector<double>& prices) const {
        if (std::find(room_.begin(), room_.end(), 0) == room_.end()) return;
        const double highest = std::max(0.0, source_.utility_limit()) * (1 + 1e-6);
        for (std::size_t j = 0; j < m_; ++j) {
            if (room_[j] == 0) prices[j] = std::max(prices[j], highest);
        }
    }

    /// What each firm can reach at the prices, what it has, and the bound that follows.
    void ask(const std::vector<double>& prices) {
        if (rows_) {
            parallel_chunks(free_.size(), chunk, threads_, [&](std::size_t begin, std::size_t end) {
                if (control_.stop()) return;
                for (std::size_t k = begin; k < end; ++k) read_row(free_[k], prices);
            });
        } else {
            lists_.emplace(n_, listed);
            source_.best(free_, prices, *lists_, threads_, control_, -near());
            if (control_.stop()) return;
            each_free([&](FirmId i) {
                const auto list = lists_->of(i);
                best_[i] = list.empty() ? AdviserId() : list[0].adviser;
                if (!list.empty())
                    best_net_[i] =
                        (best_[i] == held_[i] ? value_[i] : source_.utility(i, best_[i])) -
                        prices[best_[i]];
            });
        }
        if (control_.stop()) return;
        ExactSum bound;
        for (std::size_t j = 0; j < m_; ++j) bound.add_multiple(prices[j], limits_.capacity[j]);
        for (const Pair& p : limits_.pinned) {
            bound.add(source_.utility(p.firm, p.adviser));
            bound.add(-prices[p.adviser]);
        }
        for (const FirmId i : free_) {
            const double has = held_[i].known() ? value_[i] - prices[held_[i]] : 0;
            slack_[i] = std::max(0.0, most(i) - has);
            bound.add(most(i));
            bound.add_product(most(i), half_last_place);
        }
        round_bound_ = bound.up();
    }
    /// A row at hand is read in less time than it takes to keep a list of it.
    void read_row(FirmId i, const std::vector<double>& prices) {
        const auto begin = static_cast<std::size_t>(rows_->begin[i]);
        const auto end = static_cast<std::size_t>(rows_->begin[i + 1]);
        std::size_t best = end;
        double net = -HUGE_VAL;
        for (std::size_t e = begin; e < end; ++e) {
            const double here = rows_->value[e] - prices[rows_->column[e]];
            best = here > net ? e : best;
            net = std::max(net, here);
        }
        best_[i] = best < end ? AdviserId(rows_->column[best]) : AdviserId();
        best_net_[i] = net;
    }
    /// The most that the firm can reach, 0 by staying out.
    [[nodiscard]] double most(FirmId i) const {
        return best_[i].known() ? std::max(0.0, best_net_[i]) : 0.0;
    }
    /// Net values this far under 0 are listed: a seat may be worth filling at such a loss.
    [[nodiscard]] double near() const { return near_part * mean_; }
    void keep_bound(const std::vector<double>& prices) {
        if (proven() && bound_ <= round_bound_) return;
        bound_ = round_bound_;
        best_prices_ = prices;
    }

    /// Slack up to which a firm keeps what it holds: all that is kept sums up to a part of the
    /// distance allowed.
    [[nodiscard]] double tolerance(double asked) const {
        const double allowed = kept_part * asked * std::fabs(bound_);
        const double surely = 0.1 * allowed / static_cast<double>(std::max<std::size_t>(n_, 1));
        std::vector<double> larger;
        for (const FirmId i : free_) {
            if (slack_[i] > surely) larger.push_back(slack_[i]);
        }
        std::sort(larger.begin(), larger.end());
        double kept = 0, largest = surely;
        for (const double s : larger) {
            kept += s;
            if (kept > 0.9 * allowed) break;
            largest = s;
        }
        return largest;
    }
    /// Firms whose choice is not good any more choose again; the rest is moved to fit.
    void mend(std::vector<double>& prices, double asked) {
        const double kept = tolerance(asked);
        if (rows_) list_some(prices, kept);
        Repair repair(*lists_, room_, prices);
        for (const FirmId i : free_) {
            const bool keeps = slack_[i] <= kept;
            const AdviserId j = keeps ? held_[i] : most(i) > 0 ? best_[i] : AdviserId();
            // What is kept counts as the best choice.
            repair.hold(i, j, j.known() ? most(i) + prices[j] : keeps ? most(i) : 0.0);
        }
        repair.run(near(), path_part * asked * std::fabs(bound_), looks_per_firm * n_ + 1'000'000,
                   control_);
        each_free([&](FirmId i) {
            const AdviserId j = repair.held(i);
            if (j == held_[i]) return;
            held_[i] = j;
            value_[i] = j.known() ? source_.utility(i, j) : 0.0;
        });
        fill_empty(prices);
        prices = repair.prices();
    }
    /// Seats that no path filled, at a price, go to firms without an adviser that lose least there:
    /// a seat may be the fifth choice of everybody near, and lists are short.
    void fill_empty(const std::vector<double>& prices) {
        std::vector<std::int64_t> left = room_;
        for (const FirmId i : free_) {
            if (held_[i].known()) --left[held_[i]];
        }
        std::vector<AdviserId> open;
        for (std::size_t j = 0; j < m_; ++j) {
            if (left[j] > 0 && prices[j] > 0) open.emplace_back(j);
        }
        if (open.empty()) return;
        std::vector<FirmId> out;
        for (const FirmId i : free_) {
            if (!held_[i].known() && best_[i].known()) out.push_back(i);
        }
        const std::size_t some = std::min(out.size(), 1 + most_looked_at / open.size());
        std::nth_element(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(some), out.end(),
                         [&](FirmId a, FirmId b) {
                             return best_net_[a] != best_net_[b] ? best_net_[a] > best_net_[b]
                                                                 : a < b;
                         });
        out.resize(some);
        struct Taker {
            double net = 0, value = 0;
            FirmId firm;
            AdviserId adviser;
        };
        std::vector<Taker> takers;
        for (const FirmId i : out) {
            for (const AdviserId j : open) {
                if (!source_.eligible(i, j)) continue;
                const double u = source_.utility(i, j);
                if (u > 0) takers.push_back({u - prices[j], u, i, j});
            }
        }
        std::sort(takers.begin(), takers.end(), [](const Taker& a, const Taker& b) {
            return a.net != b.net     ? a.net > b.net
                   : a.firm != b.firm ? a.firm < b.firm
                                      : a.adviser < b.adviser;
        });
        for (const Taker& t : takers) {
            if (held_[t.firm].known() || left[t.adviser] == 0) continue;
            --left[t.adviser];
            held_[t.firm] = t.adviser;
            value_[t.firm] = t.value;
        }
    }
    /// Lists for the firms that may move: those out of place, those without an adviser who are
    /// near one, and of the others as many as make enough paths.
    void list_some(const std::vector<double>& prices, double kept) {
        const std::uint64_t mask = n_ < few_firms ? 0 : 3;
        std::vector<FirmId> some;
        for (const FirmId i : free_) {
            if (!best_[i].known() || best_net_[i] < -near()) continue;
            if (slack_[i] > kept || !held_[i].known() || (Random(0, i).bits() & mask) == 0)
                some.push_back(i);
        }
        lists_.emplace(n_, listed);
        source_.best(some, prices, *lists_, threads_, control_, -near());
    }

    void keep_answer() {
        ExactSum sum;
        for (const FirmId i : free_) sum.add(value_[i]);
        for (const Pair& p : limits_.pinned) sum.add(source_.utility(p.firm, p.adviser));
        if (sum.down() <= objective_) return;
        objective_ = sum.down();
        pairs_ = limits_.pinned;
        pairs_.reserve(n_);
        for (const FirmId i : free_) {
            if (held_[i].known()) pairs_.push_back({i, held_[i]});
        }
        if (!limits_.pinned.empty()) std::sort(pairs_.begin(), pairs_.end());
    }

    static constexpr std::size_t chunk = 1'024;
    const PairSource& source_;
    const AssignmentLimits& limits_;
    unsigned threads_;
    Control& control_;
    std::size_t n_, m_;
    std::vector<std::int64_t> room_;
    std::vector<FirmId> free_;  ///< firms that choose
    std::vector<AdviserId> held_;
    std::vector<double> value_;    ///< utility of the pair held, 0 for none
    std::vector<AdviserId> best_;  ///< at the prices of the round, or none
    std::vector<double> best_net_, slack_;
    std::optional<CandidateLists> lists_;
    std::optional<StoredRows> rows_;
    double mean_ = 0;  ///< about what a pair held is worth
    double round_bound_ = 0;

    double bound_ = 0, objective_ = -HUGE_VAL;
    std::vector<double> best_prices_, next_prices_;
    std::vector<Pair> pairs_;
};

}  // namespace libmatch::detail
