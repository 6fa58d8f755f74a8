// What each firm of a market can reach at most at given prices: the judge's own way through all
// pairs.
//
// Method: plain loops, place by place. The advisers that serve a place are sorted by what all its
// firms share, `common part - price`. A firm goes down this order and asks every pair, until even
// full coverage and all its bonuses could not make the next adviser count: then none further down
// can. A margin of 2^-48 of all figures that take part covers the rounding of this comparison; what
// is compared after it, and all sums, are exact. Nothing of a solver or of retrieval is used, only
// the meaning of scores and rules.
//
// Complexity: O(places x advisers x log advisers + pairs asked). Deterministic for any number of
// threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include <libmatch/check/choice.hpp>
#include <libmatch/check/quotas.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/model/assignment.hpp>
#include <libmatch/score/scorer.hpp>

namespace libmatch::check {

/// Sum over all firms of what each can reach, see choice.hpp. `pins`: of each firm. `kept`: per
/// firm an adviser with whom its pair counts as kept_value(score, more), or none; empty = none.
/// `quota_prices`: one per quota of the limits.
[[nodiscard]] inline ExactSum market_choices(const Scorer& scorer, const AssignmentLimits& limits,
                                             const std::vector<double>& prices,
                                             const std::vector<std::vector<AdviserId>>& pins,
                                             double unit, unsigned threads,
                                             const std::vector<AdviserId>& kept = {},
                                             double more = 0,
                                             const std::vector<double>& quota_prices = {}) {
    const Market& market = scorer.market();
    const std::size_t n = market.firms.size(), m = market.advisers.size();
    std::vector<std::vector<FirmId>> at_place(market.places.size());
    for (std::size_t i = 0; i < n; ++i) at_place[market.firms.place[i]].emplace_back(i);

    const QuotaLedger quotas(limits.quotas, n);
    const std::size_t chunk = std::max<std::size_t>(4, at_place.size() / 1'024);
    std::vector<ExactSum> parts((at_place.size() + chunk - 1) / chunk);
    parallel_chunks(at_place.size(), chunk, threads, [&](std::size_t begin, std::size_t end) {
        struct Served {
            double shared;  ///< common - price
            double common;
            AdviserId adviser;
        };
        std::vector<Served> order;
        QuotaLedger::Seen seen(quotas, prices, quota_prices, unit);
        for (std::size_t p = begin; p < end; ++p) {
            if (at_place[p].empty()) continue;
            const PlaceId place(p);
            order.clear();
            for (std::size_t j = 0; j < m; ++j) {
                const AdviserId adviser(j);
                if (scorer.adviser_rule_of(adviser) != Exclusion::none) continue;
                if (scorer.place_rule(place, adviser) != Exclusion::none) continue;
                const double common = scorer.common(place, adviser);
                order.push_back({common - prices[j], common, adviser});
            }
            std::sort(order.begin(), order.end(), [](const Served& a, const Served& b) {
                return a.shared != b.shared ? a.shared > b.shared : a.adviser < b.adviser;
            });
            for (const FirmId i : at_place[p]) {
                Choice choice(limits, i, pins[i].size(), in_unit(limits.reservation_of(i), unit));
                seen.look_as(i);
                const AdviserId own = kept.empty() ? AdviserId() : kept[i];
                const auto net = [&](double score, AdviserId j) {
                    const double u = j == own ? kept_value(score, more) : score;
                    return net_value(in_unit(u, unit), seen(j));
                };
                for (const AdviserId j : pins[i]) choice.pin(net(scorer.score(i, j), j));
                if (scorer.firm_rule(i) == Exclusion::none && choice.open()) {
                    const bool open = own.known() && std::find(pins[i].begin(), pins[i].end(),
                                                               own) == pins[i].end();
                    if (open) choice.offer(net(scorer.score(i, own), own));
                    double most =
                        scorer.programme().coverage + 2 * unit + quotas.relief(i, quota_prices);
                    for (const PairNote& note : scorer.notes(i)) {
                        if (note.kind == PairKind::bonus && note.value > 0) most += note.value;
                    }
                    const double scale = unit > 0 ? unit : 1;
                    const float asked = scorer.asked(i);
                    for (const Served& s : order) {
                        const double margin = 0x1p-48 * (std::fabs(s.common) + std::fabs(most) +
                                                         std::fabs(prices[s.adviser]));
                        if (s.shared + most + margin < choice.least() * scale) break;
                        if (open && s.adviser == own) continue;
                        if (scorer.pair_rule(i, s.adviser) != Exclusion::none) continue;
                        if (std::find(pins[i].begin(), pins[i].end(), s.adviser) != pins[i].end())
                            continue;
                        choice.offer(
                            net(scorer.score_with(s.common, i, s.adviser, asked), s.adviser));
                    }
                }
                choice.add_to(parts[begin / chunk]);
            }
        }
    });
    ExactSum sum;
    for (const ExactSum& part : parts) sum.add(part);
    return sum;
}

}  // namespace libmatch::check
