// The pairs at hand of an assignment with quotas, and the bound over all pairs at given prices.
//
// Problem: price and search methods pass over the pairs many times, and there may be too many to
// keep. Method: capacities with minimum loads, and quotas, are all limits on counts of pairs: limit
// r holds between least_r and most_r of them. Limits 0 to m - 1 are the advisers, the rest the
// quotas. The rows of the firms that are free to choose hold their best pairs at several prices,
// most wanted first found, or all pairs where they are few; pins are taken out and counted. At
// prices of the limits, firms of one kind (quota_groups.hpp) see the same prices of advisers, so
// the source answers for all of them at once, over all pairs. Bounds are exact sums, rounded up
// once. Complexity: one question to the
// source per kind and look; O(pairs at hand) memory. Preconditions: the limits have no faults;
// demands of at most 1. Deterministic for any number of threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <libmatch/assign/quota_groups.hpp>
#include <libmatch/core/control.hpp>
#include <libmatch/core/exact_sum.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/core/random.hpp>
#include <libmatch/model/assignment.hpp>
#include <libmatch/retrieve/source.hpp>

namespace libmatch::detail {

class QuotaProblem {
  public:
    QuotaProblem(const PairSource& source, const AssignmentLimits& limits, unsigned threads)
        : source_(source),
          limits_(limits),
          threads_(threads),
          n_(source.firms()),
          m_(source.advisers()),
          groups_(limits.quotas, n_, m_),
          begin_(n_ + 1, 0),
          free_(n_, 1),
          forced_(n_, 0) {
        for (std::size_t j = 0; j < m_; ++j) {
            least_.push_back(limits.min_load_of(AdviserId(j)));
            most_.push_back(limits.capacity[j]);
        }
        for (const Quota& q : limits.quotas) {
            least_.push_back(q.at_least);
            most_.push_back(q.at_most);
        }
        for (const Pair& pin : limits.pinned) {
            free_[pin.firm] = 0;
            for_each_limit(pin.adviser.value, groups_.mix(pin.firm, pin.adviser),
                           [&](std::size_t r) {
                               least_[r] = std::max<std::int64_t>(0, least_[r] - 1);
                               if (most_[r] != Quota::no_limit) --most_[r];
                           });
        }
        for (std::size_t i = 0; i < n_; ++i) {
            if (limits.demand_of(FirmId(i)) == 0) free_[i] = 0;
            if (free_[i] != 0 && limits.min_demand_of(FirmId(i)) > 0) forced_[i] = 1;
        }
        for (const auto& kind : groups_.firms_by_kind()) {
            auto& chooses = free_by_kind_.emplace_back();
            for (const FirmId i : kind) {
                if (free_[i] != 0) chooses.push_back(i);
            }
        }
        count_who_can_use();
    }

    // ---- limits ----

    [[nodiscard]] std::size_t firms() const { return n_; }
    [[nodiscard]] std::size_t advisers() const { return m_; }
    /// Advisers and quotas.
    [[nodiscard]] std::size_t limits() const { return most_.size(); }
    [[nodiscard]] const QuotaGroups& groups() const { return groups_; }
    /// What pins leave of the limits; most(r) is negative where they exceed it.
    [[nodiscard]] std::int64_t least(std::size_t r) const { return least_[r]; }
    [[nodiscard]] std::int64_t most(std::size_t r) const { return most_[r]; }
    /// Free firms that could count for the limit; no answer holds more pairs.
    [[nodiscard]] std::int64_t usable(std::size_t r) const { return usable_[r]; }
    /// The same, and no more than the seats of its advisers: an upper end from here on is no limit.
    [[nodiscard]] std::int64_t reachable(std::size_t r) const { return reachable_[r]; }
    [[nodiscard]] bool free(std::size_t i) const { return free_[i] != 0; }
    [[nodiscard]] bool forced(std::size_t i) const { return forced_[i] != 0; }
    /// Nobody may take such a pair.
    [[nodiscard]] bool closed(std::uint32_t adviser, std::uint32_t mix) const {
        bool none = most_[adviser] <= 0;
        for (const std::uint32_t q : groups_.quotas(mix)) none = none || most_[m_ + q] <= 0;
        return none;
    }
    template <class Call>
    void for_each_limit(std::uint32_t adviser, std::uint32_t mix, const Call& call) const {
        call(std::size_t{adviser});
        for (const std::uint32_t q : groups_.quotas(mix)) call(m_ + q);
    }
    /// What the quotas of each mix cost together at prices of the limits.
    [[nodiscard]] std::vector<double> mix_prices(std::span<const double> prices) const {
        std::vector<double> sum(groups_.mixes(), 0.0);
        for (std::uint32_t x = 0; x < groups_.mixes(); ++x) {
            for (const std::uint32_t q : groups_.quotas(x)) sum[x] += prices[m_ + q];
        }
        return sum;
    }

    // ---- pairs at hand ----

    [[nodiscard]] std::size_t begin(std::size_t i) const { return begin_[i]; }
    [[nodiscard]] std::size_t end(std::size_t i) const { return begin_[i + 1]; }
    [[nodiscard]] std::size_t pairs() const { return adviser_.size(); }
    [[nodiscard]] std::uint32_t adviser(std::size_t e) const { return adviser_[e]; }
    [[nodiscard]] std::uint32_t mix(std::size_t e) const { return mix_[e]; }
    [[nodiscard]] double value(std::size_t e) const { return value_[e]; }
    /// The value with what breaks ties (see break_ties).
    [[nodiscard]] double worth(std::size_t e) const { return worth_[e]; }
    /// All pairs that may be taken are at hand.
    [[nodiscard]] bool complete() const { return complete_; }

    /// Takes every pair. False when the control stopped it.
    bool take_all(const Control& control) {
        std::vector<std::vector<Entry>> rows(n_);
        const bool whole = every_pair(control, [&](const ValuedPair& p, std::uint32_t mix) {
            if (!closed(p.adviser.value, mix))
                rows[p.firm].push_back({p.adviser.value, mix, p.value});
        });
        if (!whole) return false;
        merge(rows);
        complete_ = true;
        return true;
    }

    /// From now on a pair is worth up to `most` more, by lot: where many pairs are worth the same,
    /// no prices could tell them apart, and no counts of limits could be reached by prices. Bounds
    /// know nothing of it.
    void break_ties(double most) {
        tie_ = most;
        for (std::size_t i = 0; i < n_; ++i) {
            for (std::size_t e = begin_[i]; e < begin_[i + 1]; ++e) set_worth(i, e);
        }
    }
    /// Mean of the firms' best values among the pairs at hand, where above 0.
    [[nodiscard]] double mean_best() const {
        Sum sum;
        std::size_t firms = 0;
        for (std::size_t i = 0; i < n_; ++i) {
            double best = 0;
            for (std::size_t e = begin_[i]; e < begin_[i + 1]; ++e)
                best = std::max(best, value_[e]);
            sum.add(best);
            firms += best > 0 ? 1 : 0;
        }
        return firms > 0 ? sum.value() / static_cast<double>(firms) : 0;
    }

    /// Adds to the pairs at hand what each firm of a quota could take at these prices of advisers:
    /// its best pairs that count for it where it asks for some, and that do not where it is short.
    /// False when the control stopped it.
    bool look_around_quotas(std::span<const double> prices, std::size_t width,
                            const Control& control) {
        std::vector<std::vector<Entry>> rows(n_);
        CandidateLists lists(n_, std::min(width, std::max<std::size_t>(m_, 1)));
        for (std::uint32_t q = 0; q < limits_.quotas.size(); ++q) {
            const Quota& quota = limits_.quotas[q];
            std::vector<FirmId> who;
            for (std::size_t k = 0; k < (quota.firms ? quota.firms->size() : n_); ++k) {
                const FirmId i = quota.firms ? (*quota.firms)[k] : FirmId(k);
                if (free_[i] != 0) who.push_back(i);
            }
            for (const bool inside : {true, false}) {
                if (inside ? least_[m_ + q] <= 0 : most_[m_ + q] >= usable_[m_ + q]) continue;
                std::vector<double> seen(prices.begin(),
                                         prices.begin() + static_cast<std::ptrdiff_t>(m_));
                for (std::size_t j = 0; j < m_; ++j) {
                    const bool member =
                        !quota.advisers || std::binary_search(quota.advisers->begin(),
                                                              quota.advisers->end(), AdviserId(j));
                    if (member != inside || most_[j] <= 0) seen[j] += shut_;
                }
                source_.best_spread(who, seen, lists, threads_, control);
                if (control.stop()) return false;
                parallel_chunks(who.size(), 1024, threads_,
                                [&](std::size_t first, std::size_t last) {
                                    for (std::size_t k = first; k < last; ++k)
                                        add_listed(who[k], lists, seen, rows[who[k]]);
                                });
            }
        }
        merge(rows);
        return true;
    }

    /// What a look at all pairs at some prices found.
    struct Look {
        bool whole = false;  ///< the control did not stop it
        double bound = 0;    ///< over all pairs
        std::size_t added = 0;
    };
    /// Adds each firm's `width` best pairs at these prices to those at hand, and bounds every
    /// answer over all pairs. Precondition: sums of prices are exact (see `offered`).
    Look look(std::span<const double> prices, std::size_t width, const Control& control) {
        if (complete_) return {true, bound_at_hand(prices), 0};
        std::vector<std::vector<Entry>> rows(n_);
        std::vector<TwoDoubles> best(n_, nothing);
        CandidateLists lists(n_, std::min(width, std::max<std::size_t>(m_, 1)));
        const std::vector<double> of_mix = mix_prices(prices);
        std::vector<double> seen(m_);
        for (const auto& who : free_by_kind_) {
            if (who.empty()) continue;
            for (std::size_t j = 0; j < m_; ++j) {
                const std::uint32_t x = groups_.mix(who[0], AdviserId(j));
                seen[j] = prices[j] + of_mix[x];
                if (closed(static_cast<std::uint32_t>(j), x)) seen[j] += shut_;
            }
            source_.best_spread(who, seen, lists, threads_, control);
            if (control.stop()) return {};
            parallel_chunks(who.size(), 1024, threads_, [&](std::size_t first, std::size_t last) {
                for (std::size_t k = first; k < last; ++k) {
                    const FirmId i = who[k];
                    best[i] = add_listed(i, lists, seen, rows[i]);
                    // An unlisted pair may tie with the best as far as rounded values tell.
                    if (best[i].high > -HUGE_VAL && lists.outside(i) >= best[i].high)
                        best[i] = {std::nextafter(lists.outside(i), HUGE_VAL), 0};
                }
            });
        }
        Look found{true, bound_of(prices, best), merge(rows)};
        return found;
    }

    /// sum_r (most_r p_r^+ - least_r p_r^-) + sum_i (best of firm i), pins included. Firms may stay
    /// out at their reservation; the methods know it as 0 (reservation.hpp). Limits that
    /// are closed cost what keeps everybody away, and so nothing here.
    [[nodiscard]] double bound_at_hand(std::span<const double> prices) const {
        return bound_of(prices, best_at_hand(prices, value_));
    }
    /// The same of the pairs' worths: no claim, but what the methods look at.
    [[nodiscard]] double worth_at_hand(std::span<const double> prices) const {
        return bound_of(prices, best_at_hand(prices, worth_));
    }

    /// Calls `each(pair, mix)` for every eligible pair of the firms that are free to choose, firm
    /// by firm of a kind. False when the control stopped it.
    template <class Each>
    bool every_pair(const Control& control, const Each& each) const {
        const std::vector<double> zero(m_, 0.0), all(n_, -HUGE_VAL);
        constexpr std::size_t block = 4096;
        for (const auto& who : free_by_kind_) {
            for (std::size_t first = 0; first < who.size(); first += block) {
                const auto some =
                    std::span(who).subspan(first, std::min(block, who.size() - first));
                const auto found = source_.above(some, zero, all, threads_, control);
                if (control.stop()) return false;
                for (const ValuedPair& p : found) each(p, groups_.mix(p.firm, p.adviser));
            }
        }
        return true;
    }

    /// The prices as they are claimed: those of closed limits so high that no firm would take such
    /// a pair at them, and all of them multiples of one power of 2, so that what a firm sees, the
    /// sum of some, is a double.
    [[nodiscard]] std::vector<double> offered(std::span<const double> prices) const {
        double high = std::max(0.0, source_.utility_limit());
        for (const double p : prices) high += std::max(0.0, -p);
        double worst = 0;
        const std::vector<TwoDoubles> best = best_at_hand(prices, value_);
        for (std::size_t i = 0; i < n_; ++i) {
            if (forced_[i] != 0) worst = std::min(worst, best[i].high);
        }
        std::vector<double> all(prices.begin(), prices.end());
        for (std::size_t r = 0; r < all.size(); ++r) {
            if (most_[r] <= 0 && std::isfinite(worst)) all[r] = (high - worst) * (1 + 1e-6);
        }
        double seen = 0, quotas = 0;
        for (std::size_t r = 0; r < all.size(); ++r) {
            if (r < m_) {
                seen = std::max(seen, std::fabs(all[r]));
            } else {
                quotas += std::fabs(all[r]);
            }
        }
        int exponent = 0;
        std::frexp(seen + quotas, &exponent);
        const double step = std::ldexp(1.0, std::max(exponent - 51, -1'074));
        for (double& p : all) p = std::nearbyint(p / step) * step;
        return all;
    }

  private:
    struct Entry {
        std::uint32_t adviser, mix;
        double value;
    };

    /// Adds a firm's list to its row; the best net value of what may be taken.
    TwoDoubles add_listed(FirmId i, const CandidateLists& lists, std::span<const double> seen,
                          std::vector<Entry>& row) const {
        TwoDoubles best = nothing;
        for (const Candidate& c : lists.of(i)) {
            const std::uint32_t x = groups_.mix(i, c.adviser);
            if (closed(c.adviser.value, x) || seen[c.adviser] >= 0.5 * shut_) continue;
            const double u = source_.utility(i, c.adviser);
            best = std::max(best, exact_difference(u, seen[c.adviser]));
            row.push_back({c.adviser.value, x, u});
        }
        return best;
    }
    void set_worth(std::size_t i, std::size_t e) {
        worth_[e] = value_[e];
        if (tie_ > 0) worth_[e] += tie_ * Random(i, adviser_[e]).uniform();
    }

    void count_who_can_use() {
        std::int64_t all = 0;
        for (const char f : free_) all += f;
        usable_.assign(limits(), all);
        for (std::size_t q = 0; q < limits_.quotas.size(); ++q) {
            if (!limits_.quotas[q].firms) continue;
            usable_[m_ + q] = 0;
            for (const FirmId i : *limits_.quotas[q].firms) usable_[m_ + q] += free_[i];
        }
        reachable_ = usable_;
        for (std::size_t q = 0; q < limits_.quotas.size(); ++q) {
            if (!limits_.quotas[q].advisers) continue;
            std::int64_t seats = 0;
            for (const AdviserId j : *limits_.quotas[q].advisers)
                seats += std::clamp<std::int64_t>(most_[j], 0, all);
            reachable_[m_ + q] = std::min(usable_[m_ + q], seats);
        }
    }

    [[nodiscard]] std::vector<TwoDoubles> best_at_hand(std::span<const double> prices,
                                                       const std::vector<double>& value) const {
        const std::vector<double> of_mix = mix_prices(prices);
        std::vector<TwoDoubles> best(n_, nothing);
        for (std::size_t i = 0; i < n_; ++i) {
            for (std::size_t e = begin_[i]; e < begin_[i + 1]; ++e)
                best[i] = std::max(
                    best[i], exact_difference(value[e], prices[adviser_[e]] + of_mix[mix_[e]]));
        }
        return best;
    }

    [[nodiscard]] double bound_of(std::span<const double> prices,
                                  const std::vector<TwoDoubles>& best) const {
        ExactSum bound;
        for (std::size_t r = 0; r < limits(); ++r) {
            if (most_[r] <= 0 || prices[r] == 0) continue;
            bound.add_multiple(prices[r], prices[r] > 0 ? most_[r] : least_[r]);
        }
        for (std::size_t i = 0; i < n_; ++i) {
            if (free_[i] == 0) continue;
            const TwoDoubles alone{limits_.reservation_of(FirmId(i)), 0};
            bound.add(forced_[i] != 0 || alone < best[i] ? best[i] : alone);
        }
        for (const Pair& p : limits_.pinned) bound.add(source_.utility(p.firm, p.adviser));
        return bound.up();
    }

    /// Adds what the rows hold to the pairs at hand; returns how many pairs are new.
    std::size_t merge(std::vector<std::vector<Entry>>& rows) {
        const std::size_t before = adviser_.size();
        parallel_chunks(n_, 1024, threads_, [&](std::size_t first, std::size_t last) {
            for (std::size_t i = first; i < last; ++i) {
                auto& row = rows[i];
                for (std::size_t e = begin_[i]; e < begin_[i + 1]; ++e)
                    row.push_back({adviser_[e], mix_[e], value_[e]});
                std::sort(row.begin(), row.end(),
                          [](const Entry& a, const Entry& b) { return a.adviser < b.adviser; });
                row.erase(std::unique(row.begin(), row.end(),
                                      [](const Entry& a, const Entry& b) {
                                          return a.adviser == b.adviser;
                                      }),
                          row.end());
            }
        });
        for (std::size_t i = 0; i < n_; ++i) begin_[i + 1] = begin_[i] + rows[i].size();
        adviser_.resize(begin_[n_]);
        mix_.resize(begin_[n_]);
        value_.resize(begin_[n_]);
        worth_.resize(begin_[n_]);
        for (std::size_t i = 0; i < n_; ++i) {
            for (std::size_t k = 0; k < rows[i].size(); ++k) {
                adviser_[begin_[i] + k] = rows[i][k].adviser;
                mix_[begin_[i] + k] = rows[i][k].mix;
                value_[begin_[i] + k] = rows[i][k].value;
                set_worth(i, begin_[i] + k);
            }
        }
        return adviser_.size() - before;
    }

    static constexpr TwoDoubles nothing{-HUGE_VAL, 0};
    /// Added to the price of pairs that nobody may take, so that lists are not full of them.
    static constexpr double shut_ = 1e12;

    const PairSource& source_;
    const AssignmentLimits& limits_;
    unsigned threads_;
    std::size_t n_, m_;
    QuotaGroups groups_;
    std::vector<std::size_t> begin_;
    std::vector<std::uint32_t> adviser_, mix_;
    std::vector<double> value_, worth_;
    double tie_ = 0;  ///< see break_ties
    std::vector<char> free_, forced_;
    std::vector<std::int64_t> least_, most_, usable_, reachable_;
    std::vector<std::vector<FirmId>> free_by_kind_;
    bool complete_ = false;
};

}  // namespace libmatch::detail
