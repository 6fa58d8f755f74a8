// Firms that stay out at a value of their own.
//
// Problem: as an assignment, but an unserved firm i of demand 1 is worth r_i instead of 0. Method:
// every pair is worth u_ij - r_i, and sum_i r_i over the firms of demand 1 is added to objective
// and bound: for each such firm, max(r_i, net value) = r_i + max(0, net value - r_i). So every mode
// (auction, exact, hours, quotas) solves it without knowing. In exact mode utilities and r_i are
// rounded to units first, so that sums stay exact. In reals u_ij - r_i is rounded, so objective and
// bound are summed anew from u_ij and r_i; where there is no time to, the bound is raised by what
// rounding can have taken. The gap asked is about the figures with the constant; where it makes the
// bound small, the problem is solved again with a smaller gap. Complexity: that of the mode.
// Preconditions: the limits have no faults. Deterministic.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <libmatch/assign/certify.hpp>
#include <libmatch/assign/hours_problem.hpp>
#include <libmatch/assign/previous_pairs.hpp>
#include <libmatch/assign/quota_problem.hpp>
#include <libmatch/assign/units.hpp>
#include <libmatch/core/exact_sum.hpp>
#include <libmatch/model/assignment.hpp>
#include <libmatch/retrieve/kept_source.hpp>
#include <libmatch/retrieve/source.hpp>

namespace libmatch {

/// The pairs of another source at their worth above what the firm has without them. The other
/// source must outlive this one.
class ReservationSource final : public PairSource {
  public:
    /// `unit` > 0: utilities are rounded to it; `reservation` holds multiples of it then.
    ReservationSource(const PairSource& pairs, std::vector<double> reservation, double unit)
        : pairs_(pairs), reservation_(std::move(reservation)), unit_(unit) {
        least_ =
            reservation_.empty() ? 0 : *std::min_element(reservation_.begin(), reservation_.end());
        for (const double r : reservation_) size_ = std::max(size_, std::fabs(r));
        if (const auto rows = pairs.stored()) {
            stored_.reserve(rows->value.size());
            for (std::size_t i = 0; i + 1 < rows->begin.size(); ++i) {
                for (auto e = rows->begin[i]; e < rows->begin[i + 1]; ++e)
                    stored_.push_back(worth(FirmId(i), rows->value[static_cast<std::size_t>(e)]));
            }
        }
    }

    [[nodiscard]] std::size_t firms() const override { return pairs_.firms(); }
    [[nodiscard]] std::size_t advisers() const override { return pairs_.advisers(); }
    [[nodiscard]] bool eligible(FirmId i, AdviserId j) const override {
        return pairs_.eligible(i, j);
    }
    [[nodiscard]] double utility(FirmId i, AdviserId j) const override {
        return worth(i, pairs_.utility(i, j));
    }
    [[nodiscard]] double utility_limit() const override {
        return pairs_.utility_limit() - least_ + unit_;
    }
    [[nodiscard]] double utility_size() const override {
        return pairs_.utility_size() + size_ + unit_;
    }
    [[nodiscard]] double load(FirmId i, AdviserId j) const override { return pairs_.load(i, j); }
    [[nodiscard]] std::string reason(FirmId i, AdviserId j) const override {
        return pairs_.reason(i, j);
    }
    [[nodiscard]] std::optional<StoredRows> stored() const override {
        auto rows = pairs_.stored();
        if (rows) rows->value = stored_;
        return rows;
    }

    void best(std::span<const FirmId> who, std::span<const double> prices, CandidateLists& lists,
              unsigned threads, const Control& control, double least = -HUGE_VAL) const override {
        forget(who, lists);
        pairs_.best(who, prices, lists, threads, control, least_among(who, least));
        shift(who, lists, least);
    }
    void best_spread(std::span<const FirmId> who, std::span<const double> prices,
                     CandidateLists& lists, unsigned threads, const Control& control,
                     double least = -HUGE_VAL) const override {
        forget(who, lists);
        pairs_.best_spread(who, prices, lists, threads, control, least_among(who, least));
        shift(who, lists, least);
    }
    [[nodiscard]] std::vector<ValuedPair> above(std::span<const FirmId> who,
                                                std::span<const double> prices,
                                                std::span<const double> threshold, unsigned threads,
                                                const Control& control) const override {
        std::vector<double> raised(threshold.begin(), threshold.end());
        for (const FirmId i : who) {
            // What rounding may add is looked at too; sums may lose their last digits.
            const double r = reservation_[i];
            raised[i] += r - unit_ - 1e-12 * (std::fabs(raised[i]) + std::fabs(r));
        }
        std::vector<ValuedPair> found = pairs_.above(who, prices, raised, threads, control);
        for (ValuedPair& p : found) p.value = worth(p.firm, p.value);
        std::erase_if(found, [&](const ValuedPair& p) {
            return p.value - prices[p.adviser] < threshold[p.firm];
        });
        return found;
    }

  private:
    [[nodiscard]] double worth(FirmId i, double utility) const {
        if (unit_ > 0) utility = static_cast<double>(to_units(utility, unit_)) * unit_;
        return utility - reservation_[i];
    }
    /// Lists hold values above the reservation, which the other source would take for its own.
    static void forget(std::span<const FirmId> who, CandidateLists& lists) {
        for (const FirmId i : who) lists.finish(i, 0, HUGE_VAL);
    }
    [[nodiscard]] double least_among(std::span<const FirmId> who, double least) const {
        double r = HUGE_VAL;
        for (const FirmId i : who) r = std::min(r, reservation_[i]);
        return who.empty() ? least : least + r - unit_;
    }
    void shift(std::span<const FirmId> who, CandidateLists& lists, double least) const {
        for (const FirmId i : who) {
            const std::size_t count = lists.of(i).size();
            for (Candidate& c : lists.slots(i).first(count))
                c.value = static_cast<float>(worth(i, pairs_.utility(i, c.adviser)));
            const double outside = lists.outside(i);
            lists.finish(i, count,
                         outside == -HUGE_VAL ? outside
                                              : std::max(least, outside - reservation_[i] + unit_));
        }
    }

    const PairSource& pairs_;
    std::vector<double> reservation_;
    double unit_;
    double least_ = 0, size_ = 0;  ///< the least reservation, and the largest in size
    std::vector<double> stored_;   ///< worths in the order of the other source's rows
};

namespace detail {

/// By how much the bound over all worths u - r, each rounded once, may lie under that of the true
/// ones: for each firm, a few last places of what its best pair can be made of.
[[nodiscard]] inline double rounding_above(const PairSource& source, const AssignmentLimits& limits,
                                           const AssignmentResult& found) {
    double paid = 0;
    if (limits.hours.empty()) {  // prices per hour are taken from above already
        for (const double p : found.prices) paid = std::max(paid, std::fabs(p));
        for (const double p : found.quota_prices) paid += std::fabs(p);
        paid += found.change_price;
    }
    const double most = std::max(0.0, source.utility_limit()) + paid;
    ExactSum size;
    for (std::size_t i = 0; i < source.firms(); ++i) {
        if (limits.demand_of(FirmId(i)) == 0) continue;
        size.add(most);
        size.add(std::fabs(limits.reservation_of(FirmId(i))));
    }
    return size.up() * 0x1p-50;
}

/// The pairs and the firms that stay out: the largest double that is not above their sum.
[[nodiscard]] inline double objective_with_reservation(const PairSource& source,
                                                       const AssignmentLimits& limits,
                                                       std::span<const Pair> pairs,
                                                       unsigned threads) {
    std::vector<char> served(source.firms(), 0);
    for (const Pair& p : pairs) served[p.firm] = 1;
    ExactSum sum;
    sum.add(objective_of(source, pairs, threads));
    for (std::size_t i = 0; i < served.size(); ++i) {
        if (served[i] == 0) sum.add(limits.reservation_of(FirmId(i)));
    }
    return sum.down();
}

/// The least double that is not below the dual value of the prices found. Nothing where the control
/// stops it; few pairs are always looked at.
[[nodiscard]] inline std::optional<double> bound_with_reservation(const PairSource& source,
                                                                  const AssignmentLimits& limits,
                                                                  const AssignmentResult& found,
                                                                  const AssignmentOptions& options,
                                                                  const Control& control) {
    const Control never;
    const bool few = source.firms() * source.advisers() <= 20'000'000;
    const Control& stop = few ? never : control;
    if (stop.stop()) return std::nullopt;
    double bound = 0;
    if (!limits.hours.empty()) {
        std::vector<double> alone(source.firms());
        for (std::size_t i = 0; i < alone.size(); ++i) alone[i] = limits.reservation_of(FirmId(i));
        for (const Pair& p : limits.pinned) alone[p.firm] = 0;
        bound = hours_bound(gather_hours(source, limits, options.threads), limits.hours,
                            found.prices, alone);
    } else if (!limits.quotas.empty()) {
        std::vector<double> prices = found.prices;
        prices.insert(prices.end(), found.quota_prices.begin(), found.quota_prices.end());
        bound = QuotaProblem(source, limits, options.threads).look(prices, 2, stop).bound;
    } else if (found.change_price > 0) {
        const PreviousPairs previous(source, limits, options.threads);
        const KeptSource kept(source, previous.kept(), found.change_price);
        ExactSum sum;
        sum.add(
            bound_of(kept, limits, found.prices, found.pairs, -HUGE_VAL, options.threads, stop));
        sum.add_multiple(found.change_price,
                         *limits.max_changes + previous.crowded() - previous.count());
        bound = sum.up();
    } else {
        bound = bound_of(source, limits, found.prices, found.pairs, found.certificate.objective,
                         options.threads, stop);
    }
    return stop.stop() ? std::nullopt : std::optional(bound);
}

/// Objective and bound with the constant, where there is no unit. `constant`: sum of reservations.
inline void add_reservations(const PairSource& source, const AssignmentLimits& limits,
                             const AssignmentOptions& options, const Control& control,
                             const ExactSum& constant, AssignmentResult& result) {
    Certificate& c = result.certificate;
    ExactSum easy = constant;
    easy.add(c.bound);
    easy.add(rounding_above(source, limits, result));
    c.objective = objective_with_reservation(source, limits, result.pairs, options.threads);
    c.bound = bound_with_reservation(source, limits, result, options, control).value_or(easy.up());
}

}  // namespace detail

/// Solves an assignment whose firms stay out at values of their own; `without` solves it at 0.
[[nodiscard]] inline AssignmentResult assign_with_reservation(
    const PairSource& source, const AssignmentLimits& limits, const AssignmentOptions& options,
    const std::function<AssignmentResult(const PairSource&, const AssignmentLimits&,
                                         const AssignmentOptions&, Control&)>& without,
    Control& control) {
    // Modes without units refuse exact answers, and take a gap of 0 as one to try for.
    const bool in_units = limits.hours.empty() && limits.quotas.empty() && !limits.max_changes &&
                          (options.exact || options.gap <= 0);
    const double unit = in_units ? options.unit : 0;
    std::vector<double> reservation(source.firms(), 0.0);
    ExactSum constant;  // in units, where there are units
    for (std::size_t i = 0; i < reservation.size(); ++i) {
        const double r = limits.reservation_of(FirmId(i));
        const double term = unit > 0 ? static_cast<double>(to_units(r, unit)) : r;
        reservation[i] = unit > 0 ? term * unit : r;
        constant.add(term);
    }
    const ReservationSource above(source, std::move(reservation), unit);
    AssignmentLimits plain = limits;
    plain.reservation.clear();
    AssignmentOptions own = options;
    constexpr int attempts = 4;
    for (int attempt = 1;; ++attempt) {
        AssignmentResult result = without(above, plain, own, control);
        Certificate& c = result.certificate;
        if (c.status == Status::infeasible) return result;
        if (c.unit > 0) {
            const double units = constant.up();
            c.objective = (std::round(c.objective / c.unit) + units) * c.unit;
            c.bound = (std::round(c.bound / c.unit) + units) * c.unit;
            return result;
        }
        detail::add_reservations(source, limits, options, control, constant, result);
        if (result.unlimited) {
            auto free = std::make_shared<AssignmentResult>(*result.unlimited);
            AssignmentLimits any = limits;
            any.max_changes.reset();
            detail::add_reservations(source, any, options, control, constant, *free);
            result.unlimited = std::move(free);
        }
        if (c.status != Status::within_gap && c.status != Status::optimal) return result;
        const Status reached = status_for(c.gap(), options.gap);
        if (reached != Status::time_limit) {
            c.status = reached;
            return result;
        }
        if (attempt == attempts || control.stop() || own.gap <= 0) {
            c.status = control.stop_status();
            return result;
        }
        own.gap *= 0.5 * options.gap / c.gap();
    }
}

}  // namespace libmatch
