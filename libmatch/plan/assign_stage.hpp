// Stage assign: one assignment per programme, each certified over all its eligible pairs.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/assign/assign.hpp>
#include <libmatch/core/beside.hpp>
#include <libmatch/plan/churn.hpp>
#include <libmatch/plan/market_blockers.hpp>
#include <libmatch/plan/run.hpp>
#include <libmatch/retrieve/market_source.hpp>
#include <libmatch/score/scorer.hpp>

namespace libmatch {

/// Minimum demands and values of staying out speak about the firms that the programme may serve at
/// all.
inline void set_staying_out(const Scorer& scorer, AssignmentLimits& limits) {
    const Firms& firms = scorer.market().firms;
    const auto some = [](const auto& values) {
        return std::any_of(values.begin(), values.end(), [](auto x) { return x != 0; });
    };
    if (some(firms.min_demand)) limits.min_demand = firms.min_demand;
    if (some(firms.reservation)) limits.reservation = firms.reservation;
    if (limits.min_demand.empty() && limits.reservation.empty()) return;
    for (std::size_t i = 0; i < firms.size(); ++i) {
        if (scorer.firm_rule(FirmId(i)) == Exclusion::none) continue;
        if (!limits.min_demand.empty()) limits.min_demand[i] = 0;
        if (!limits.reservation.empty()) limits.reservation[i] = 0;
    }
}

/// The limits of a programme: capacities, demands, minimums, quotas, values of staying out and pins
/// of the market.
[[nodiscard]] inline AssignmentLimits programme_limits(const Scorer& scorer) {
    const Market& market = scorer.market();
    AssignmentLimits limits;
    limits.capacity = market.advisers.capacity;
    limits.min_load = market.advisers.min_load;
    limits.demand = market.firms.demand;
    set_staying_out(scorer, limits);
    limits.quotas = programme_quotas(market, scorer.programme_id());
    for (std::size_t j = 0; j < limits.capacity.size(); ++j) {
        // Other networks play no part in this programme.
        if (market.advisers.network[j] != scorer.programme().network)
            limits.capacity[j] = limits.min_load[j] = 0;
    }
    for (const PairNote& note : market.notes) {
        // A pin speaks about the firms that the programme may serve at all.
        if (note.kind == PairKind::pinned && scorer.applies(note) &&
            scorer.firm_rule(note.firm) == Exclusion::none &&
            market.advisers.network[note.adviser] == scorer.programme().network) {
            limits.pinned.push_back({note.firm, note.adviser});
        }
    }
    std::sort(limits.pinned.begin(), limits.pinned.end());
    limits.pinned.erase(std::unique(limits.pinned.begin(), limits.pinned.end()),
                        limits.pinned.end());
    return limits;
}

namespace detail {

/// What the plan takes over from the assignment of one programme.
struct Part {
    std::string name;
    AssignmentResult result;
    std::optional<Churn> churn;
    std::vector<Assigned> assignments;
    std::vector<Unserved> unserved;
    PairsSeen seen;
};

/// Who has no adviser, and why; work that was stopped looks for no reasons any more.
inline void explain_unserved(const Run& run, const Scorer& scorer, const MarketSource& source,
                             const std::vector<std::uint8_t>& served, const Control& control,
                             Part& part) {
    std::vector<FirmId> open;
    for (std::size_t i = 0; i < run.market.firms.size(); ++i) {
        const FirmId firm(i);
        if (served[i] == 0 && scorer.firm_rule(firm) == Exclusion::none) open.push_back(firm);
    }
    CandidateLists top(run.market.firms.size(), 1);
    source.best(open, std::vector<double>(run.market.advisers.size(), 0.0), top,
                run.options.threads, control);
    const bool stopped = control.stop();
    for (const FirmId i : open) {
        std::string reason;
        if (stopped) {
            reason = "the work was stopped before it had one";
        } else if (top.of(i).empty()) {
            reason = "no adviser is eligible";
        } else if (part.result.certificate.status == Status::infeasible) {
            reason = "the minimums of the programme contradict each other";
        } else if (const double own = run.market.firms.reservation[i];
                   !(source.utility(i, top.of(i)[0].adviser) > own)) {
            reason = "no adviser is worth more to it than its reservation; it has " +
                     number_text(own) + " outside, the best is " +
                     run.market.advisers.id[top.of(i)[0].adviser];
        } else {
            reason = "every eligible adviser is fully used by firms that gain more; the best, ";
            reason += run.market.advisers.id[top.of(i)[0].adviser];
        }
        part.unserved.push_back({part.name, i, std::move(reason), 0});
    }
}

[[nodiscard]] inline Part assign_programme(const Run& run, ProgrammeId p, Control& control) {
    const Programme& programme = run.market.programmes[p];
    const double started = control.elapsed();
    Part part;
    part.name = stage::assign(programme);
    const Scorer scorer(run.market, p,
                        programme.after.known() ? reached_by(run.market, run.plan, programme.after)
                                                : std::vector<std::uint8_t>{});
    const MarketSource source(scorer, run.options.threads, &control);
    AssignmentLimits limits = programme_limits(scorer);
    AssignmentOptions options = run.assign;
    begin_from(run.previous, run.options.max_changes, part.name, limits, options);
    part.result = assign(source, limits, options, control);
    if (!limits.previous.empty() && part.result.certificate.status != Status::infeasible)
        part.churn = churn_of(limits, part.result);
    std::vector<std::uint8_t> served(run.market.firms.size(), 0);
    part.assignments.reserve(part.result.pairs.size());
    for (const Pair& pair : part.result.pairs) {
        const ScoreTerms t = scorer.terms(pair.firm, pair.adviser);
        const bool pinned = std::binary_search(limits.pinned.begin(), limits.pinned.end(), pair);
        part.assignments.push_back({p, pair.firm, pair.adviser, t.score, t.coverage, t.proximity,
                                    t.trust, t.bonus,
                                    run.market.distance_km(run.market.firms.place[pair.firm],
                                                           run.market.advisers.place[pair.adviser]),
                                    pinned});
        served[pair.firm] = 1;
    }
    explain_unserved(run, scorer, source, served, control, part);
    name_blockers(scorer, part.result);
    part.seen = source.seen();
    part.result.certificate.seconds = control.elapsed() - started;
    control.report(part.name, 1);
    return part;
}

/// How the programme uses its quotas, and their prices.
inline void take_quotas(Run& run, const std::string& name, const AssignmentResult& result) {
    const auto quotas = programme_quotas(run.market, programme_of(run.market, name));
    if (quotas.empty()) return;
    auto& used = run.plan.quotas[name];
    for (std::size_t q = 0; q < quotas.size(); ++q) {
        const double price = q < result.quota_prices.size() ? result.quota_prices[q] : 0;
        used.push_back({pairs_in(quotas[q], result.pairs), price});
    }
}

inline void take(Run& run, Part part) {
    run.plan.assignments.insert(run.plan.assignments.end(), part.assignments.begin(),
                                part.assignments.end());
    std::move(part.unserved.begin(), part.unserved.end(), std::back_inserter(run.plan.unserved));
    AssignmentResult& result = part.result;
    if (!result.blockers.empty()) run.plan.blockers[part.name] = std::move(result.blockers);
    if (result.certificate.status == Status::infeasible) {
        run.plan.relaxations[part.name] = std::move(result.relaxation);
        run.plan.relaxed_pairs[part.name] = std::move(result.relaxed_pairs);
    }
    if (part.churn) run.plan.churn[part.name] = std::move(*part.churn);
    take_quotas(run, part.name, result);
    run.plan.prices[part.name] = std::move(result.prices);
    run.plan.seen[part.name] = part.seen;
    run.plan.certificates.emplace_back(std::move(part.name), result.certificate);
}

/// Throws InputError where a limit on changes or an exact answer does not go with the limits.
inline void check_limits(const Run& run) {
    std::vector<Fault> faults;
    if (run.assign.exact && !run.market.quotas.empty()) {
        faults.push_back({Fault::Severity::error, "exact", -1, "", "true",
                          "no prices prove an exact plan where there are quotas",
                          "leave it out and give the gap to reach"});
    }
    if (run.options.max_changes && run.previous.pairs.empty()) {
        faults.push_back({Fault::Severity::error, "max_changes", -1, "",
                          std::to_string(*run.options.max_changes),
                          "there is no earlier assignment to count changes from",
                          "give an earlier plan (previous), or the table previous"});
    }
    for (std::size_t p = 0; run.options.max_changes && p < run.market.programmes.size(); ++p) {
        const std::string name = stage::assign(run.market.programmes[p]);
        AssignmentLimits limits = programme_limits(Scorer(run.market, ProgrammeId(p)));
        AssignmentOptions options = run.assign;
        begin_from(run.previous, run.options.max_changes, name, limits, options);
        if (!limits.previous.empty()) churn_faults(name, limits, options, faults);
    }
    if (!faults.empty()) throw InputError(std::move(faults));
}

inline void assign_together(Run& run, std::size_t first, std::size_t end) {
    std::vector<Part> parts(end - first);
    std::vector<std::unique_ptr<Beside>> others;
    for (std::size_t p = first + 1; p < end; ++p) {
        others.push_back(std::make_unique<Beside>(run.control, [&, p](Control& control) {
            parts[p - first] = assign_programme(run, ProgrammeId(p), control);
        }));
    }
    run.begin(stage::assign(run.market.programmes[first]));
    parts[0] = assign_programme(run, ProgrammeId(first), run.control);
    for (std::size_t k = 0; k < others.size(); ++k) {
        const std::string name = stage::assign(run.market.programmes[first + 1 + k]);
        run.begin(name);
        others[k]->wait(run.control, name);
        run.control.report(name, 1);
    }
    for (Part& part : parts) take(run, std::move(part));
}

/// Programmes that wait for none of each other run side by side: what one thread does in one
/// of them leaves room for the others.
inline void assign_stage(Run& run) {
    for (std::size_t p = 0; p < run.market.programmes.size() && !run.over();) {
        std::size_t end = p + 1;
        const auto waits = [&](std::size_t q) {
            const ProgrammeId after = run.market.programmes[q].after;
            return after.known() && after.value >= p;
        };
        if (thread_count(run.options.threads) > 1) {
            while (end < run.market.programmes.size() && !waits(end)) ++end;
        }
        assign_together(run, p, end);
        p = end;
    }
}

}  // namespace detail
}  // namespace libmatch
