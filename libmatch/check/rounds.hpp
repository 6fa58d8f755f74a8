// The judge of rounds of visits: recomputes lawfulness, objective, bound and gap from the problem
// and the answer.
//
// Rounds are checked one by one. Prices prove the bound when no round of a traveller is worth more
// than its firms' prices and its day's: the judge asks this of every way over places that does not
// turn straight back, by dynamic programming over places and stops (docs/model.md).
//
// Complexity: O(stops^2 places + stops places^2) per traveller. It shares no code with any solver.
// Deterministic for any number of threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/check/assignment.hpp>
#include <libmatch/check/verdict.hpp>
#include <libmatch/core/geo.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/model/rounds.hpp>

namespace libmatch::check {

namespace detail {

/// The most that a day is worth at prices, over all ways that meet at most `stops` firms.
class DayQuestion {
  public:
    struct Place {
        SpherePoint at;
        std::vector<double> worth;  ///< of its firms less their prices, those above 0
    };

    DayQuestion(SpherePoint home, std::vector<Place> places, std::size_t stops, double per_km,
                double max_km)
        : home_(home),
          places_(std::move(places)),
          stops_(stops),
          per_km_(per_km),
          longest_(max_km * (1 + 1e-9)) {
        for (Place& p : places_) std::sort(p.worth.begin(), p.worth.end(), std::greater<>());
    }

    double most() {
        const std::size_t n = places_.size();
        // arrive[k][p]: k firms met before p is reached; stay[k][p]: k firms met, the last ones at
        // p
        std::vector<std::vector<Best>> arrive(stops_, std::vector<Best>(n)),
            stay(stops_ + 1, std::vector<Best>(n));
        double most = 0;
        for (std::size_t p = 0; stops_ > 0 && p < n; ++p)
            arrive[0][p].offer(-per_km_ * distance_km(home_, places_[p].at), n);
        for (std::size_t k = 0; k <= stops_; ++k) {
            for (std::size_t p = 0; p < n; ++p) {
                double met = 0;
                for (std::size_t t = 1; t <= std::min(k, places_[p].worth.size()); ++t) {
                    met += places_[p].worth[t - 1];
                    for (const auto& [worth, from] : arrive[k - t][p].two)
                        stay[k][p].offer(worth + met, from);
                }
                const double here = stay[k][p].two[0].first;
                if (here > 0)
                    most = std::max(most, here - per_km_ * distance_km(places_[p].at, home_));
            }
            if (k == 0 || k >= stops_) continue;
            for (std::size_t p = 0; p < n; ++p) {
                for (std::size_t next = 0; next < n; ++next) {
                    if (next == p) continue;
                    const double worth = stay[k][p].without(next);
                    if (worth == -HUGE_VAL) continue;
                    // every round over both places is at least this long
                    const double leg = distance_km(places_[p].at, places_[next].at);
                    if (distance_km(home_, places_[p].at) + leg +
                            distance_km(home_, places_[next].at) >
                        longest_)
                        continue;
                    arrive[k][next].offer(worth - per_km_ * leg, p);
                }
            }
        }
        return most;
    }

  private:
    /// The two best that come from different places.
    struct Best {
        std::pair<double, std::size_t> two[2] = {{-HUGE_VAL, SIZE_MAX}, {-HUGE_VAL, SIZE_MAX}};
        void offer(double worth, std::size_t from) {
            if (worth > two[0].first) {
                if (two[0].second != from) two[1] = two[0];
                two[0] = {worth, from};
            } else if (worth > two[1].first && two[0].second != from) {
                two[1] = {worth, from};
            }
        }
        [[nodiscard]] double without(std::size_t from) const {
            return two[0].second == from ? two[1].first : two[0].first;
        }
    };
    SpherePoint home_;
    std::vector<Place> places_;
    std::size_t stops_;
    double per_km_, longest_;
};

class RoundsJudge {
  public:
    RoundsJudge(const RoundsProblem& problem, const RoundsResult& claim, double tolerance,
                std::string stage, unsigned threads)
        : problem_(problem),
          claim_(claim),
          tolerance_(tolerance),
          stage_(std::move(stage)),
          threads_(threads) {
        for (const double v : problem.value) scale_ = std::max(scale_, v);
    }

    Verdict judge() {
        found_.stage = stage_;
        judge_rounds();
        judge_prices();
        judge_certificate();
        verdict_.stages.push_back(found_);
        return std::move(verdict_);
    }

  private:
    void fail(std::string subject, std::string text) {
        verdict_.fail(stage_, std::move(subject), std::move(text));
    }

    void judge_rounds() {
        const std::size_t n = problem_.value.size(), m = problem_.travellers.size();
        std::vector<std::uint8_t> visited(n, 0);
        std::vector<std::int64_t> days(m, 0);
        for (std::size_t g = 0; g < claim_.rounds.size(); ++g) {
            const Round& round = claim_.rounds[g];
            const std::string subject = "round " + std::to_string(g);
            if (round.traveller >= m || round.stops.empty()) {
                fail(subject, "it has no stop, or its traveller does not exist");
                continue;
            }
            const Traveller& who = problem_.travellers[round.traveller];
            ++days[round.traveller];
            if (round.stops.size() > static_cast<std::size_t>(who.stops_per_day)) {
                fail(subject, std::to_string(round.stops.size()) + " stops; a day has " +
                                  std::to_string(who.stops_per_day));
            }
            SpherePoint at = on_sphere(who.home);
            double km = 0;
            const auto go = [&](LatLon to) {
                const SpherePoint next = on_sphere(to);
                const double leg = distance_km(at, next);
                objective_.add_product(-problem_.cost_per_km, leg);
                km += leg;
                at = next;
            };
            bool known = true;
            for (const FirmId i : round.stops) {
                if (i >= n) {
                    fail(subject, "firm " + std::to_string(i.value) + " does not exist");
                    known = false;
                    break;
                }
                if (visited[i]++ != 0)
                    fail(subject, "firm " + std::to_string(i.value) + " is visited twice");
                if (problem_.traveller[i] != round.traveller) {
                    fail(subject, "firm " + std::to_string(i.value) +
                                      " waits for the visit of another traveller");
                }
                objective_.add(problem_.value[i]);
                go(problem_.place[i]);
            }
            if (!known) continue;
            go(who.home);
            if (km > problem_.max_km_per_day + 1e-9 * std::max(1.0, problem_.max_km_per_day)) {
                fail(subject, "it is " + figure(km) + " km long; a day may have " +
                                  figure(problem_.max_km_per_day));
            }
        }
        for (std::size_t r = 0; r < m; ++r) {
            if (days[r] > problem_.travellers[r].days) {
                fail("traveller " + std::to_string(r),
                     std::to_string(days[r]) + " rounds in " +
                         std::to_string(problem_.travellers[r].days) + " days");
            }
        }
        found_.objective = objective_.sum.down();
    }

    void judge_prices() {
        const std::size_t n = problem_.value.size(), m = problem_.travellers.size();
        const auto proper = [&](const std::vector<double>& prices, std::size_t size,
                                const char* kind) {
            bool good = prices.size() == size;
            for (const double p : prices) good = good && std::isfinite(p) && p >= 0;
            if (!good) {
                fail("prices",
                     std::string("there is not one finite price of at least 0 for each ") + kind);
            }
            return good;
        };
        const bool good = proper(claim_.firm_price, n, "firm") &&
                          proper(claim_.day_price, m, "traveller's day") &&
                          proper(claim_.km_price, m, "traveller's km");
        if (!good) {
            found_.bound = HUGE_VAL;
            return;
        }
        for (const double p : claim_.firm_price) bound_.add(p);
        for (std::size_t r = 0; r < m; ++r)
            bound_.add_product(claim_.day_price[r], problem_.travellers[r].days);
        found_.bound = bound_.sum.up();
        std::vector<std::vector<FirmId>> firms(m);
        for (std::size_t i = 0; i < n; ++i) firms[problem_.traveller[i]].emplace_back(i);
        std::vector<double> excess(m, 0.0);
        parallel_chunks(m, 1, threads_, [&](std::size_t r, std::size_t) {
            if (problem_.travellers[r].days > 0 && !firms[r].empty())
                excess[r] = worth_of_day(r, firms[r]) - claim_.day_price[r];
        });
        for (std::size_t r = 0; r < m; ++r) {
            if (excess[r] > tolerance_ * scale_) {
                fail("traveller " + std::to_string(r),
                     "a day may be worth " + figure(excess[r]) +
                         " more than the prices of its firms and of the day");
            }
        }
    }

    [[nodiscard]] double worth_of_day(std::size_t r, const std::vector<FirmId>& firms) const {
        std::map<std::pair<double, double>, DayQuestion::Place> places;
        for (const FirmId i : firms) {
            const double worth = problem_.value[i] - claim_.firm_price[i];
            if (worth <= 0) continue;
            auto& place = places[{problem_.place[i].lat, problem_.place[i].lon}];
            place.at = on_sphere(problem_.place[i]);
            place.worth.push_back(worth);
        }
        std::vector<DayQuestion::Place> list;
        for (auto& [at, place] : places) list.push_back(std::move(place));
        const double mu = claim_.km_price[r];
        DayQuestion question(
            on_sphere(problem_.travellers[r].home), std::move(list),
            std::min(static_cast<std::size_t>(problem_.travellers[r].stops_per_day), firms.size()),
            problem_.cost_per_km + mu, problem_.max_km_per_day);
        return question.most() + mu * problem_.max_km_per_day;
    }

    void judge_certificate() {
        const Certificate& claim = claim_.certificate;
        const double travel = objective_.size;
        if (!(claim.objective <= found_.objective + 1e-12 * travel) ||
            !(claim.objective >= found_.objective - 1e-9 * travel)) {
            fail("objective", "claimed " + figure(claim.objective) + ", recomputed " +
                                  figure(found_.objective) +
                                  difference(claim.objective, found_.objective));
        }
        if (!(claim.bound >= found_.bound && claim.bound <= found_.bound * (1 + 1e-9))) {
            fail("bound", "claimed " + figure(claim.bound) + ", the prices make " +
                              figure(found_.bound) + difference(claim.bound, found_.bound));
        }
        const double room = tolerance_ * std::max(scale_, std::fabs(found_.bound));
        if (found_.objective > found_.bound + room) {
            fail("bound", "the objective " + figure(found_.objective) + " is above the bound " +
                              figure(found_.bound));
        }
        if (claim.status == Status::optimal && found_.bound - found_.objective > room)
            fail("status", "optimal is claimed, yet the gap is " + figure(found_.gap()));
        if (claim.status == Status::infeasible)
            fail("status", "infeasible is claimed, yet staying at home is lawful");
    }

    const RoundsProblem& problem_;
    const RoundsResult& claim_;
    double tolerance_;
    std::string stage_;
    unsigned threads_;
    double scale_ = 0;
    Account objective_, bound_;
    StageVerdict found_;
    Verdict verdict_;
};

}  // namespace detail

/// Judges rounds, prices and claims. `tolerance` is per unit of the largest value: what a day may
/// exceed its prices by through rounding. Claimed figures get none.
[[nodiscard]] inline Verdict verify(const RoundsProblem& problem, const RoundsResult& result,
                                    double tolerance = 1e-9, std::string stage = "visits",
                                    unsigned threads = 0) {
    return detail::RoundsJudge(problem, result, tolerance, std::move(stage), threads).judge();
}

}  // namespace libmatch::check
