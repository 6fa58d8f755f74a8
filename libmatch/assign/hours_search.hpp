// Whole assignments in hours, guided by prices per hour.
//
// Problem: max sum u_ij x_ij, sum_i h_ij x_ij <= C_j, one adviser or none per firm (the generalised
// assignment problem, NP-hard). At prices p the bound minus the value of an answer is
//     sum_i (best net value of i - net value of its choice) + sum_j p_j (hours left at j),
// so a good answer chooses near the best net values and leaves no priced hours. Method: simulated
// annealing on this distance. A firm moves to another of its options; where the adviser is full,
// one of the firms there moves on to its best option, and so forth up to a depth (an ejection
// chain; a swap is the case where it takes the place left free). Hours above the capacity cost more
// than priced hours left unused, and ever more as time goes on. The temperature is steered by the
// share of uphill moves that are taken and then falls, so it needs no scale. Firms whose second
// best option is near the best are looked at more often, and so are near options. The second round
// is twice as long and starts from the best answer of the first. Complexity: time by the number of
// moves asked for, each O(options of a firm); memory O(firms x options). Preconditions: prices >= 0
// that are finite. Deterministic: walkers have random numbers of their own and meet after each
// round. Source: S. Kirkpatrick et al., "Optimization by simulated annealing", Science 220, 1983;
// M. Yagiura, T. Ibaraki, F. Glover, "An ejection chain approach for the generalized assignment
// problem", INFORMS J. on Computing 16, 2004.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <libmatch/assign/hours_problem.hpp>
#include <libmatch/core/control.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/core/random.hpp>

namespace libmatch::detail {

/// What the search looks at: the best options of each firm at given prices.
class HoursOptions {
  public:
    static constexpr std::size_t nowhere = std::numeric_limits<std::size_t>::max();
    struct Option {
        std::uint32_t adviser;  ///< the number of advisers: staying out
        float regret;           ///< net value below the firm's best
        double load;
    };

    HoursOptions(const HoursProblem& problem, std::span<const double> prices, std::size_t width)
        : problem_(problem), begin_(problem.firms() + 1, 0) {
        const auto out = static_cast<std::uint32_t>(problem.advisers());
        std::vector<Option> row;
        std::vector<double> net;
        for (std::size_t i = 0; i < problem.firms(); ++i) {
            row.clear();
            double best = -HUGE_VAL;
            const auto net_of = [&](std::size_t e) {
                return problem.value[e] - problem.load[e] * prices[problem.adviser[e]];
            };
            const bool chooses = problem.begin[i] < problem.begin[i + 1];
            if (problem.forced[i] == 0 && chooses) best = 0;
            for (std::size_t e = problem.begin[i]; e < problem.begin[i + 1]; ++e)
                best = std::max(best, net_of(e));
            if (problem.forced[i] == 0 && chooses)
                row.push_back({out, static_cast<float>(best), 0});
            for (std::size_t e = problem.begin[i]; e < problem.begin[i + 1]; ++e) {
                const std::uint32_t j = problem.adviser[e];
                if (problem.load[e] > problem.most(j)) continue;
                row.push_back({j, static_cast<float>(best - net_of(e)), problem.load[e]});
            }
            const std::size_t kept = std::min(row.size(), width);
            std::partial_sort(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(kept),
                              row.end(), [](const Option& a, const Option& b) {
                                  return a.regret != b.regret ? a.regret < b.regret
                                                              : a.adviser < b.adviser;
                              });
            // Staying out is always lawful, so it stays at hand.
            if (kept < row.size() && problem.forced[i] == 0) {
                const auto is_out = [&](const Option& o) { return o.adviser == out; };
                const auto end = row.begin() + static_cast<std::ptrdiff_t>(kept);
                if (std::none_of(row.begin(), end, is_out))
                    row[kept - 1] = *std::find_if(end, row.end(), is_out);
            }
            option_.insert(option_.end(), row.begin(),
                           row.begin() + static_cast<std::ptrdiff_t>(kept));
            begin_[i + 1] = option_.size();
            if (kept >= 2) movable_.push_back(static_cast<std::uint32_t>(i));
        }
        std::stable_sort(movable_.begin(), movable_.end(), [&](std::uint32_t a, std::uint32_t b) {
            return option_[begin_[a] + 1].regret < option_[begin_[b] + 1].regret;
        });
    }

    [[nodiscard]] std::size_t begin(std::size_t i) const { return begin_[i]; }
    [[nodiscard]] std::size_t end(std::size_t i) const { return begin_[i + 1]; }
    [[nodiscard]] const Option& at(std::size_t o) const { return option_[o]; }
    /// The pair of the problem behind an option; `nowhere` = staying out.
    [[nodiscard]] std::size_t pair(std::size_t i, std::size_t o) const {
        const auto first = problem_.adviser.begin();
        const auto row = first + static_cast<std::ptrdiff_t>(problem_.begin[i]);
        const auto end = first + static_cast<std::ptrdiff_t>(problem_.begin[i + 1]);
        const auto at = std::lower_bound(row, end, option_[o].adviser);
        return at == end || *at != option_[o].adviser ? nowhere
                                                      : static_cast<std::size_t>(at - first);
    }
    /// Firms with several options, the least decided first.
    [[nodiscard]] const std::vector<std::uint32_t>& movable() const { return movable_; }
    [[nodiscard]] const HoursProblem& problem() const { return problem_; }

  private:
    const HoursProblem& problem_;
    std::vector<std::size_t> begin_;
    std::vector<Option> option_;
    std::vector<std::uint32_t> movable_;
};

/// One annealing walker.
class HoursWalker {
  public:
    static constexpr std::uint32_t unplaced = std::numeric_limits<std::uint32_t>::max();
    using Choice = std::vector<std::uint32_t>;  ///< option of each firm, or `unplaced`

    /// `hour_value`: least value of an hour too many; `temperature`: the first one.
    HoursWalker(const HoursOptions& options, std::span<const double> prices, double hour_value,
                double temperature)
        : options_(options),
          price_(prices.begin(), prices.end()),
          hour_(prices.begin(), prices.end()),
          room_(options.problem().room),
          temperature_(temperature) {
        const std::size_t m = options.problem().advisers();
        for (double& h : hour_) h = std::max(h, hour_value);
        // The place of those who stay out has room for all and no price.
        price_.push_back(0);
        hour_.push_back(0);
        room_.push_back(HUGE_VAL);
        most_.resize(m + 1);
        for (std::size_t j = 0; j < m; ++j) most_[j] = options.problem().most(j);
        most_[m] = HUGE_VAL;
    }

    /// A round begins: from this answer, with random numbers of its own.
    void start(const Choice& from, bool lawful, Random random) {
        random_ = random;
        choice_ = from;
        members_.assign(room_.size(), {});
        slot_.assign(choice_.size(), 0);
        load_.assign(room_.size(), 0.0);
        std::vector<Sum> sums(room_.size());
        energy_ = 0;
        for (std::size_t i = 0; i < choice_.size(); ++i) {
            if (choice_[i] == unplaced) {
                if (options_.begin(i) == options_.end(i)) continue;
                choice_[i] = static_cast<std::uint32_t>(options_.begin(i));
            }
            const auto& o = options_.at(choice_[i]);
            sums[o.adviser].add(o.load);
            energy_ += static_cast<double>(o.regret);
            slot_[i] = static_cast<std::uint32_t>(members_[o.adviser].size());
            members_[o.adviser].push_back(static_cast<std::uint32_t>(i));
        }
        overloaded_ = 0;
        for (std::size_t j = 0; j + 1 < room_.size(); ++j) {
            load_[j] = sums[j].value();
            overloaded_ += load_[j] > most_[j] ? 1 : 0;
            energy_ += price_[j] * std::max(0.0, room_[j] - load_[j]);
        }
        best_ = choice_;
        best_energy_ = lawful && overloaded_ == 0 ? energy_ : HUGE_VAL;
        journal_.clear();
        stale_ = false;
    }

    /// Moves at the walker's temperature.
    void walk(std::size_t moves, double overload_cost) {
        recount(overload_cost);
        for (std::size_t k = 0; k < moves; ++k) move();
    }
    /// Moves while it looks for the temperature at which a share `target` of the uphill moves is
    /// taken.
    void calibrate(std::size_t moves, double target, double overload_cost) {
        recount(overload_cost);
        constexpr std::size_t batches = 48;
        for (std::size_t batch = 0; batch < batches; ++batch) {
            uphill_ = taken_ = 0;
            for (std::size_t k = 0; k <= moves / batches; ++k) move();
            const bool hot =
                static_cast<double>(taken_) > target * static_cast<double>(uphill_) || uphill_ == 0;
            heat(hot ? 0.85 : 1 / 0.85);
        }
    }
    void heat(double factor) { temperature_ *= factor; }

    /// The best lawful answer since the start, if any.
    [[nodiscard]] bool found() const { return best_energy_ < HUGE_VAL; }
    [[nodiscard]] double energy() const { return best_energy_; }
    [[nodiscard]] const Choice& best() {
        settle();
        return best_;
    }
    [[nodiscard]] const Choice& current() const { return choice_; }

  private:
    struct Step {
        std::uint32_t firm, from, to;
    };
    static constexpr std::size_t depth = 4;      ///< firms that one move shifts at most
    static constexpr std::size_t sample = 2;     ///< firms that are asked to leave
    static constexpr std::size_t looked_at = 8;  ///< options of each of them

    /// Priced hours left, or hours too many.
    [[nodiscard]] double cost(std::size_t j, double load) const {
        if (load <= most_[j]) return price_[j] * std::max(0.0, room_[j] - load);
        return overload_ * hour_[j] * (load - room_[j]);
    }
    [[nodiscard]] double change(std::size_t j, double load) const {
        return j + 1 == room_.size() ? 0.0 : cost(j, load_[j] + load) - cost(j, load_[j]);
    }
    void set_load(std::size_t j, double load) {
        if (j + 1 == room_.size()) return;
        overloaded_ += (load > most_[j] ? 1 : 0) - (load_[j] > most_[j] ? 1 : 0);
        load_[j] = load;
    }

    /// The distance is counted anew: overloads cost another price now.
    void recount(double overload_cost) {
        overload_ = overload_cost;
        energy_ = 0;
        for (std::size_t i = 0; i < choice_.size(); ++i) {
            if (choice_[i] != unplaced)
                energy_ += static_cast<double>(options_.at(choice_[i]).regret);
        }
        for (std::size_t j = 0; j + 1 < room_.size(); ++j) energy_ += cost(j, load_[j]);
    }

    void move() {
        const auto& movable = options_.movable();
        const double r = random_.uniform();
        const std::size_t at =
            static_cast<std::size_t>(r * (0.5 + 0.5 * r) * static_cast<double>(movable.size()));
        const std::uint32_t firm = movable[at];
        const double q = random_.uniform();
        const std::size_t count = options_.end(firm) - options_.begin(firm);
        const auto to = static_cast<std::uint32_t>(
            options_.begin(firm) +
            static_cast<std::size_t>(q * q * q * static_cast<double>(count)));
        if (to == choice_[firm]) return;
        const double allowed = -temperature_ * std::log(1 - random_.uniform());

        steps_ = 0;
        double total = tentative(firm, to);
        while (total > allowed && steps_ < depth) {
            // Somebody must leave the adviser that has become too full.
            const std::uint32_t j = options_.at(step_[steps_ - 1].to).adviser;
            if (load_[j] <= most_[j] || members_[j].empty()) break;
            const Step leaver = best_leaver(j);
            if (leaver.firm == unplaced) break;
            total += tentative(leaver.firm, leaver.to);
        }
        if (total > 0) {
            ++uphill_;
            taken_ += total <= allowed ? 1 : 0;
        }
        if (total > allowed) {
            while (steps_ > 0) {
                --steps_;
                set_load(before_[2 * steps_ + 1].first, before_[2 * steps_ + 1].second);
                set_load(before_[2 * steps_].first, before_[2 * steps_].second);
            }
            return;
        }
        for (std::size_t k = 0; k < steps_; ++k) place(step_[k]);
        // The best answer is the one before these steps, unless they improve it.
        if (stale_ && (total > 0 || overloaded_ != 0)) settle_without_steps();
        energy_ += total;
        for (std::size_t k = 0; k < steps_; ++k) journal_.push_back(step_[k].firm);
        if (journal_.size() > 4 * choice_.size() + 16) compact();
        if (overloaded_ == 0 && energy_ + 1e-9 * (1 + std::fabs(energy_)) < best_energy_) {
            best_energy_ = energy_;
            stale_ = true;
        }
    }

    [[nodiscard]] bool moved(std::uint32_t firm) const {
        for (std::size_t k = 0; k < steps_; ++k) {
            if (step_[k].firm == firm) return true;
        }
        return false;
    }

    double tentative(std::uint32_t firm, std::uint32_t to) {
        const std::uint32_t from = choice_[firm];
        const auto &a = options_.at(from), &b = options_.at(to);
        const double total = static_cast<double>(b.regret) - static_cast<double>(a.regret) +
                             change(a.adviser, -a.load) + change(b.adviser, b.load);
        before_[2 * steps_] = {a.adviser, load_[a.adviser]};
        before_[2 * steps_ + 1] = {b.adviser, load_[b.adviser]};
        set_load(a.adviser, load_[a.adviser] - a.load);
        set_load(b.adviser, load_[b.adviser] + b.load);
        step_[steps_++] = {firm, from, to};
        return total;
    }

    /// Of some firms at an adviser that is too full: the one that leaves it at the least cost.
    Step best_leaver(std::uint32_t j) {
        const auto& members = members_[j];
        Step best{unplaced, 0, 0};
        double least = HUGE_VAL;
        const std::size_t looks = std::min(members.size(), sample);
        std::size_t at = static_cast<std::size_t>(random_.below(members.size()));
        for (std::size_t k = 0; k < looks; ++k) {
            const std::uint32_t firm = members[at];
            if (++at == members.size()) at = 0;
            if (moved(firm)) continue;
            const std::uint32_t from = choice_[firm];
            const auto& a = options_.at(from);
            const double leaving = change(j, -a.load) - static_cast<double>(a.regret);
            const std::size_t first = options_.begin(firm);
            const std::size_t end = std::min(options_.end(firm), first + looked_at);
            for (std::size_t o = first; o < end; ++o) {
                if (o == from) continue;
                const auto& b = options_.at(o);
                const double total =
                    leaving + static_cast<double>(b.regret) + change(b.adviser, b.load);
                if (total < least) {
                    least = total;
                    best = {firm, from, static_cast<std::uint32_t>(o)};
                }
            }
        }
        return best;
    }

    void place(const Step& s) {
        auto& old = members_[options_.at(s.from).adviser];
        old[slot_[s.firm]] = old.back();
        slot_[old.back()] = slot_[s.firm];
        old.pop_back();
        auto& now = members_[options_.at(s.to).adviser];
        slot_[s.firm] = static_cast<std::uint32_t>(now.size());
        now.push_back(s.firm);
        choice_[s.firm] = s.to;
    }

    // The best answer lags behind: only firms that moved since are copied, when it must be.
    void settle() {
        if (!stale_) return;
        for (const std::uint32_t firm : journal_) best_[firm] = choice_[firm];
        journal_.clear();
        stale_ = false;
    }
    void settle_without_steps() {
        settle();
        for (std::size_t k = 0; k < steps_; ++k) best_[step_[k].firm] = step_[k].from;
    }
    void compact() {
        std::sort(journal_.begin(), journal_.end());
        journal_.erase(std::unique(journal_.begin(), journal_.end()), journal_.end());
    }

    const HoursOptions& options_;
    std::vector<double> price_, hour_, room_, most_;
    double temperature_;
    Random random_{0};
    Choice choice_, best_;
    std::vector<std::vector<std::uint32_t>> members_;
    std::vector<std::uint32_t> slot_;
    std::vector<double> load_;
    std::size_t uphill_ = 0, taken_ = 0;
    double energy_ = 0, best_energy_ = HUGE_VAL, overload_ = 2;
    int overloaded_ = 0;
    bool stale_ = false;
    std::vector<std::uint32_t> journal_;
    std::array<Step, depth> step_{};
    std::array<std::pair<std::uint32_t, double>, 2 * depth> before_{};
    std::size_t steps_ = 0;
};

/// Every firm in turn, the most decided first, takes its best option that has room.
[[nodiscard]] inline HoursWalker::Choice place_in_turn(const HoursOptions& options) {
    const HoursProblem& p = options.problem();
    HoursWalker::Choice choice(p.firms(), HoursWalker::unplaced);
    std::vector<double> load(p.advisers() + 1, 0.0);
    const auto place = [&](std::size_t i) {
        for (std::size_t o = options.begin(i); o < options.end(i); ++o) {
            const auto& option = options.at(o);
            const bool out = option.adviser == p.advisers();
            if (!out && load[option.adviser] + option.load > p.most(option.adviser)) continue;
            load[option.adviser] += option.load;
            choice[i] = static_cast<std::uint32_t>(o);
            return;
        }
    };
    for (std::size_t i = 0; i < p.firms(); ++i) {
        if (options.end(i) - options.begin(i) == 1) place(i);
    }
    const auto& movable = options.movable();
    for (std::size_t k = movable.size(); k-- > 0;) {
        if (p.forced[movable[k]] != 0) place(movable[k]);
    }
    for (std::size_t k = movable.size(); k-- > 0;) {
        if (p.forced[movable[k]] == 0) place(movable[k]);
    }
    return choice;
}

class HoursSearch {
  public:
    HoursSearch(const HoursProblem& problem, std::span<const double> prices, unsigned threads,
                std::uint64_t seed, Control& control)
        : problem_(problem),
          options_(problem, prices, width_for(problem)),
          threads_(threads),
          seed_(seed),
          control_(control) {
        best_ = place_in_turn(options_);
        lawful_ = true;
        for (std::size_t i = 0; i < problem.firms(); ++i) {
            const bool lacks = best_[i] == HoursWalker::unplaced &&
                               (problem.forced[i] != 0 || options_.begin(i) < options_.end(i));
            lawful_ = lawful_ && !lacks;
        }
        prepare_walkers(prices);
    }

    /// Improves until the value reaches `wanted`, the moves are spent, or the control stops.
    void run(double wanted) {
        if (options_.movable().empty()) return;
        const auto n = static_cast<double>(options_.movable().size());
        const auto budget = static_cast<std::size_t>(
            std::clamp(moves_per_firm * n, least_moves, std::max(most_moves, moves_at_least * n)));
        std::size_t length = budget / 3 + 1, spent = 0;
        HoursWalker::Choice from = best_;
        for (int round = 0; spent < budget && value() < wanted && !control_.stop(); ++round) {
            anneal(from, length, spent, budget);
            if (std::any_of(walkers_.begin(), walkers_.end(),
                            [](const HoursWalker& w) { return w.found(); })) {
                from = best_;
            } else {
                from = walkers_[0].current();
                overload_ *= 3;
            }
            spent += length;
            length *= 2;
            round_ = round + 1;
        }
    }

    [[nodiscard]] bool lawful() const { return lawful_; }
    [[nodiscard]] double value() const {
        if (!lawful_) return -HUGE_VAL;
        Sum sum;
        for (std::size_t i = 0; i < best_.size(); ++i) {
            if (const std::size_t e = pair(i); e != HoursOptions::nowhere)
                sum.add(problem_.value[e]);
        }
        return sum.value();
    }
    /// The pair of the problem that a firm takes, or `nowhere`.
    [[nodiscard]] std::size_t pair(std::size_t i) const {
        return best_[i] == HoursWalker::unplaced ? HoursOptions::nowhere
                                                 : options_.pair(i, best_[i]);
    }

  private:
    static std::size_t width_for(const HoursProblem& p) {
        return p.firms() > 20'000 ? 12 : p.firms() > 200 ? 20 : 32;
    }

    void prepare_walkers(std::span<const double> prices) {
        // Typical distances: of the next options of a firm, per option and per hour.
        Sum regrets, loads;
        double count = 0;
        for (const std::uint32_t i : options_.movable()) {
            const std::size_t last = std::min(options_.end(i), options_.begin(i) + 4) - 1;
            regrets.add(static_cast<double>(options_.at(last).regret));
            loads.add(options_.at(options_.begin(i)).load);
            ++count;
        }
        const double regret = count > 0 ? regrets.value() / count : 0;
        const double hours = count > 0 ? loads.value() / count : 0;
        Sum all;
        for (const double p : prices) all.add(p);
        const double mean_price =
            prices.empty() ? 0 : all.value() / static_cast<double>(prices.size());
        const double floor = std::max(0.5 * mean_price, hours > 0 ? regret / hours : 0);
        const double temperature = regret > 0 ? 0.1 * regret : 1;
        for (std::size_t w = 0; w < walkers; ++w)
            walkers_.emplace_back(options_, prices, floor, temperature);
    }

    void anneal(const HoursWalker::Choice& from, std::size_t length, std::size_t spent,
                std::size_t budget) {
        for (std::size_t w = 0; w < walkers; ++w) {
            walkers_[w].start(from, lawful_,
                              Random(seed_, static_cast<std::uint64_t>(round_) * walkers + w));
        }
        const std::size_t own = length / walkers + 1;
        const std::size_t slices = std::max<std::size_t>(levels, own / most_slice + 1);
        const bool first = round_ == 0;
        const double factor = std::pow(last_heat, 1 / static_cast<double>(slices));
        for (HoursWalker& walker : walkers_) walker.heat(first ? 1 : reheat);
        for (std::size_t s = 0; s < slices && !control_.stop(); ++s) {
            const double t = static_cast<double>(s) / static_cast<double>(slices - 1);
            const double overload = overload_ * std::pow(last_overload, t);
            const std::size_t moves = own / slices + 1;
            parallel_chunks(walkers, 1, own < 20'000 ? 1 : threads_,
                            [&](std::size_t w, std::size_t) {
                                if (first && t < 0.1) {
                                    walkers_[w].calibrate(moves, first_taken, overload);
                                } else {
                                    walkers_[w].walk(moves, overload);
                                    walkers_[w].heat(factor);
                                }
                            });
            const double done = static_cast<double>(spent) + t * static_cast<double>(length);
            control_.report("assign", 0.3 + 0.7 * done / static_cast<double>(budget + length));
        }
        for (HoursWalker& walker : walkers_) {
            if (!walker.found()) continue;
            const double before = value();
            HoursWalker::Choice previous = std::exchange(best_, walker.best());
            const bool was_lawful = std::exchange(lawful_, true);
            if (was_lawful && value() <= before) best_ = std::move(previous);
        }
    }

    static constexpr std::size_t walkers = 2;
    static constexpr std::size_t levels = 60;          ///< of temperature in a round, at least
    static constexpr std::size_t most_slice = 50'000;  ///< moves between two looks at the control
    static constexpr double first_taken = 1e-3;  ///< share of uphill moves at the first temperature
    static constexpr double last_heat = 0.05;    ///< last temperature of a round, times the first
    static constexpr double reheat = 10;         ///< between two rounds
    static constexpr double last_overload = 20;  ///< rise of the cost of an overload in a round
    static constexpr double moves_per_firm = 50'000, least_moves = 1e5, most_moves = 2e7;
    static constexpr double moves_at_least = 200;  ///< per firm, in large problems

    const HoursProblem& problem_;
    HoursOptions options_;
    unsigned threads_;
    std::uint64_t seed_;
    Control& control_;
    HoursWalker::Choice best_;
    bool lawful_ = false;
    int round_ = 0;
    double overload_ = 1;  ///< times the value of an hour; rises while no lawful answer is found
    std::vector<HoursWalker> walkers_;
};

}  // namespace libmatch::detail
