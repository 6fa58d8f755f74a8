// Assignment where the advisers of a firm cover its needs together: from a source of pairs, limits
// and a team to a proven answer.
//
// Problem: max sum_i F_i(S_i), S_i at most d_i distinct eligible advisers that hold the firm's
// pins, every adviser in at most C_j of them; F_i as in model/team.hpp. NP-hard already for one
// firm. Method: prices p >= 0 of the seats (team_prices.hpp) bound every answer by
//
//   sum_j C_j p_j + sum_i max over S of (F_i(S) - sum over S of p_j),
//
// with the inner best proven firm by firm over all eligible pairs (team_choice.hpp,
// team_problem.hpp); a search around these prices finds the answer (team_search.hpp); the two take
// turns until the gap asked is reached or a few turns bring nothing. The least such bound is that
// of the linear relaxation over teams. A vertex of it splits no more firms than there are tight
// seats, so where firms are many the gap can be made small; where they are few it may stay open,
// and the status is then time_limit even without a limit of time. Complexity: some 30 glances at
// the lists and one look at all pairs per turn; memory O(n (list + skills)). Preconditions: limits
// and options without faults, a team in the limits. Deterministic for any number of threads, given
// the seed. Source: docs/model.md, Teams; M. L. Fisher, "The Lagrangian relaxation method for
// solving integer programming problems", Management Science 27, 1981.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <libmatch/assign/feasibility.hpp>
#include <libmatch/assign/team_prices.hpp>
#include <libmatch/assign/team_problem.hpp>
#include <libmatch/assign/team_search.hpp>
#include <libmatch/assign/utility_range.hpp>
#include <libmatch/core/control.hpp>
#include <libmatch/core/exact_sum.hpp>
#include <libmatch/core/random.hpp>
#include <libmatch/model/assignment.hpp>
#include <libmatch/retrieve/source.hpp>

namespace libmatch {
namespace detail {

class TeamAssigner {
  public:
    TeamAssigner(const PairSource& source, const AssignmentLimits& limits,
                 const AssignmentOptions& options, Control& control)
        : source_(source),
          limits_(limits),
          options_(options),
          control_(control),
          n_(source.firms()),
          m_(source.advisers()),
          random_(options.seed) {}

    AssignmentResult solve() {
        check_utility_range(source_, source_.utility_size());
        const bool lawful = pins_fit(source_, limits_);
        if (!lawful && decide_feasibility(source_, limits_, options_.threads, control_, result_) ==
                           Feasibility::infeasible) {
            return infeasible();
        }
        result_.prices.assign(m_, 0.0);
        set_easy_bound();
        if (!lawful) return finished();  // stopped before it was known who blocks
        result_.pairs = limits_.pinned;
        set_objective();
        begin_greedily();
        run();
        return finished();
    }

  private:
    /// An answer for those who stop early: firm after firm takes, one by one, the adviser with a
    /// free seat who adds most, of some advisers spread over all of them.
    void begin_greedily() {
        const Team& team = *limits_.team;
        const auto rows = source_.stored();
        std::vector<std::int64_t> room = limits_.capacity;
        for (const Pair& p : limits_.pinned) --room[p.adviser];
        std::vector<Pair> pairs;
        std::vector<double> level(team.skills);
        std::size_t looks = 0;
        const std::size_t step = std::max<std::size_t>(1, m_ / most_tried);
        auto pin = limits_.pinned.begin();
        for (std::size_t k = 0; k < n_; ++k) {
            const FirmId i(k);
            const auto need = team.need_of(i), weight = team.weight_of(i);
            std::fill(level.begin(), level.end(), 0.0);
            const auto first = static_cast<std::ptrdiff_t>(pairs.size());
            const auto join = [&](AdviserId j) {
                pairs.push_back({i, j});
                for (std::size_t s = 0; s < level.size(); ++s)
                    level[s] = std::max(level[s], std::min(need[s], team.skill_of(j)[s]));
            };
            for (; pin != limits_.pinned.end() && pin->firm == i; ++pin) join(pin->adviser);
            // Small problems are worth an answer whenever they are stopped.
            const bool looking = looks <= always_tried || !control_.stop();
            const auto taken = [&] { return static_cast<std::int64_t>(pairs.size()) - first; };
            while (looking && taken() < limits_.demand_of(i)) {
                AdviserId best;
                double most = 0;
                const auto offer = [&](AdviserId j, double u) {
                    double gain = u;
                    for (std::size_t s = 0; s < level.size(); ++s) {
                        gain += weight[s] *
                                std::max(0.0, std::min(need[s], team.skill_of(j)[s]) - level[s]);
                    }
                    const bool held =
                        std::find(pairs.begin() + first, pairs.end(), Pair{i, j}) != pairs.end();
                    if (!(gain > most) || held) return;
                    most = gain;
                    best = j;
                };
                if (rows) {
                    const auto begin = static_cast<std::size_t>(rows->begin[k]);
                    const auto end = static_cast<std::size_t>(rows->begin[k + 1]);
                    for (std::size_t e = begin; e < std::min(end, begin + most_tried); ++e) {
                        ++looks;
                        if (room[rows->column[e]] > 0)
                            offer(AdviserId(rows->column[e]), rows->value[e]);
                    }
                } else {
                    for (std::size_t x = k % step; x < m_; x += step) {
                        const AdviserId j(x);
                        ++looks;
                        if (room[x] > 0 && source_.eligible(i, j)) offer(j, source_.utility(i, j));
                    }
                }
                if (!best.known()) break;
                --room[best];
                join(best);
            }
            std::sort(pairs.begin() + first, pairs.end());
        }
        keep(std::move(pairs));
    }

    void run() {
        TeamProblem problem(source_, limits_, width(), options_.threads);
        TeamWatch watch{control_};
        TeamPrices prices(problem, most_ * (1 + 1e-6), watch);
        TeamSearch search(problem, watch);
        prices.rise();
        look(problem, prices, watch);
        int idle = 0;
        bool searched = false;
        for (int turn = 0; turn < most_turns && idle < patience && !control_.stop(); ++turn) {
            const double before = gap();
            if (searched) {
                prices.polish(glances, result_.certificate.objective);
            } else {
                prices.settle(glances);
            }
            look(problem, prices, watch);
            if (control_.stop()) break;
            search.run(prices.prices(), wanted());
            searched = true;
            if (idle > 0) search_around(problem, search, prices.prices(), watch);
            take(problem, search);
            watch.done = std::max(watch.done, progress());
            if (gap() <= options_.gap) return;
            idle = before - gap() > little * before ? 0 : idle + 1;
        }
        if (searched) return;
        search.run(prices.prices(), wanted());  // stopped: only cut down to the seats
        take(problem, search);
    }

    void look(TeamProblem& problem, const TeamPrices& prices, const TeamWatch& watch) {
        const auto found = problem.look(prices.prices(), 1, watch);
        if (!found.whole || found.value >= result_.certificate.bound) return;
        result_.certificate.bound = found.value;
        result_.prices = prices.prices();
    }

    /// Where firms are few, from other prices too: what is best there may be better here.
    void search_around(TeamProblem& problem, TeamSearch& search, std::vector<double> prices,
                       const TeamWatch& watch) {
        const std::size_t pairs = std::max<std::size_t>(1, n_ * problem.width());
        const std::size_t starts = std::min<std::size_t>(most_starts, 100'000 / pairs);
        const std::vector<double> middle = prices;
        for (std::size_t k = 0; k < starts && search.worth() < wanted(); ++k) {
            for (std::size_t j = 0; j < m_; ++j)
                prices[j] = middle[j] * (1 + 0.4 * (random_.uniform() - 0.5));
            if (!problem.glance(prices, 1, watch).whole) return;
            search.run(prices, wanted());
        }
    }

    /// Pins are the only limits that can contradict each other here.
    [[nodiscard]] std::size_t width() const {
        return static_cast<std::size_t>(std::max(options_.candidates, 12 * limits_.most_demand()));
    }

    /// Every member at the most that a pair can be worth, and all needs covered; needs no proof.
    void set_easy_bound() {
        const Team& team = *limits_.team;
        const double pair = std::max(0.0, source_.utility_limit());
        ExactSum bound;
        double covered = 0;
        for (std::size_t i = 0; i < n_; ++i) {
            const std::int32_t demand = limits_.demand_of(FirmId(i));
            if (demand == 0) continue;
            bound.add_multiple(pair, demand);
            const auto need = team.need_of(FirmId(i)), weight = team.weight_of(FirmId(i));
            double all = 0;
            for (std::size_t k = 0; k < need.size(); ++k) {
                bound.add_product(weight[k], need[k]);
                all += weight[k] * need[k];
            }
            covered = std::max(covered, all);
        }
        most_ = pair + covered;
        result_.certificate.bound = bound.up();
    }

    [[nodiscard]] double gap() const { return result_.certificate.gap(); }
    /// The worth at which the search may end.
    [[nodiscard]] double wanted() const {
        const double bound = result_.certificate.bound;
        return bound - options_.gap * std::fabs(bound);
    }
    [[nodiscard]] double progress() const {
        return std::clamp(options_.gap / std::max(gap(), 1e-300), 0.0, 0.99);
    }

    /// The search's teams, where they are worth more than what is at hand.
    void take(const TeamProblem& problem, const TeamSearch& search) {
        std::vector<Pair> pairs;
        for (std::size_t i = 0; i < n_; ++i) {
            const FirmId f(i);
            const auto first = static_cast<std::ptrdiff_t>(pairs.size());
            for (const Pair& p : problem.pins(f)) pairs.push_back(p);
            for (const AdviserId j : search.members(f)) {
                if (j.known()) pairs.push_back({f, j});
            }
            std::sort(pairs.begin() + first, pairs.end());
        }
        keep(std::move(pairs));
    }
    /// Sorted pairs, where they are worth more than what is at hand.
    void keep(std::vector<Pair> pairs) {
        std::vector<Pair> before = std::exchange(result_.pairs, std::move(pairs));
        const double objective = result_.certificate.objective;
        set_objective();
        if (result_.certificate.objective >= objective) return;
        result_.pairs = std::move(before);
        result_.certificate.objective = objective;
    }
    void set_objective() {
        const Team& team = *limits_.team;
        ExactSum sum;
        for (std::size_t begin = 0, end = 0; begin < result_.pairs.size(); begin = end) {
            const FirmId i = result_.pairs[begin].firm;
            while (end < result_.pairs.size() && result_.pairs[end].firm == i) ++end;
            for (std::size_t x = begin; x < end; ++x)
                sum.add(source_.utility(i, result_.pairs[x].adviser));
            const auto need = team.need_of(i), weight = team.weight_of(i);
            for (std::size_t k = 0; k < need.size(); ++k) {
                double most = 0;
                for (std::size_t x = begin; x < end; ++x)
                    most = std::max(most, team.skill_of(result_.pairs[x].adviser)[k]);
                sum.add_product(weight[k], std::min(need[k], most));
            }
        }
        result_.certificate.objective = sum.down();
    }

    AssignmentResult finished() {
        Certificate& c = result_.certificate;
        const Status reached = status_for(c.gap(), options_.gap);
        c.status = reached == Status::time_limit ? control_.stop_status() : reached;
        c.seconds = control_.elapsed();
        control_.report("assign", 1);
        return std::move(result_);
    }
    AssignmentResult infeasible() {
        result_.certificate = {};
        result_.certificate.status = Status::infeasible;
        result_.certificate.seconds = control_.elapsed();
        return std::move(result_);
    }

    static constexpr int glances = 30;  ///< of a turn
    static constexpr int most_turns = 20;
    static constexpr int patience = 3;      ///< turns that may bring little
    static constexpr double little = 0.05;  ///< of the gap
    static constexpr std::size_t most_starts = 30;
    static constexpr std::size_t most_tried = 128;  ///< advisers per firm and member, to begin with
    static constexpr std::size_t always_tried = 1'000'000;

    const PairSource& source_;
    const AssignmentLimits& limits_;
    const AssignmentOptions& options_;
    Control& control_;
    std::size_t n_, m_;
    Random random_;
    double most_ = 0;  ///< that one more member can bring
    AssignmentResult result_;
};

}  // namespace detail

/// Solves an assignment whose limits hold a team.
[[nodiscard]] inline AssignmentResult assign_with_teams(const PairSource& source,
                                                        const AssignmentLimits& limits,
                                                        const AssignmentOptions& options,
                                                        Control& control) {
    return detail::TeamAssigner(source, limits, options, control).solve();
}

}  // namespace libmatch
