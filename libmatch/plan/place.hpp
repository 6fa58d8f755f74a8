// Where one firm that arrives now would go, at the prices of a plan.
//
// Problem: a plan is solved and proven, and a firm comes that it does not know. At the plan's
// prices p its best adviser has the largest u_j - p_j; if that is above what the firm is worth
// outside, it goes there. Weak duality says what this is worth: the best plan with the firm is
// worth at most the plan's bound plus the firm's net value above its reservation.
//
// Method: a Placer is compiled once and reused. The advisers who serve a place, sorted by what all
// its firms share (common part less price), are kept from the first firm of that place on; a firm
// goes down this order until even full coverage could not make the next adviser count. Where the
// adviser is full, the firm that would give way is the one whose own best choice elsewhere is least
// below what it has; that is found at the first arrival at this adviser and kept.
//
// Complexity: O(advisers who serve the place x log) for the first firm of a place, then as few
// scores as the order needs: microseconds. O(firms of an adviser) such searches for the first
// arrival at a full one. Memory: a bounded number of kept orders. Preconditions: the plan is one of
// the market. Deterministic: ties go to the smaller index. Not for several threads at once.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <libmatch/model/arrival.hpp>
#include <libmatch/model/plan.hpp>
#include <libmatch/plan/explain.hpp>
#include <libmatch/score/scorer.hpp>

namespace libmatch {

/// What one programme has for an arrival.
struct Placement {
    enum class Outcome {
        placed,      ///< with `adviser`
        stays_out,   ///< no adviser is worth more than its price and the firm's reservation
        nobody,      ///< no adviser is eligible
        excluded,    ///< by a rule about the firm
        not_solved,  ///< the plan has no prices for the programme
    };
    ProgrammeId programme;
    Outcome outcome = Outcome::not_solved;
    Exclusion rule = Exclusion::none;  ///< of excluded
    AdviserId adviser;                 ///< the best, of placed and stays_out
    ScoreTerms terms;
    double price = 0;        ///< of a place with the adviser, and of the quotas that it counts for
    double net = 0;          ///< score less price
    double reservation = 0;  ///< what the firm is worth outside
    AdviserId next;          ///< the second best, or none
    double next_net = 0;
    // Of placed:
    bool free_seat = false;
    FirmId displaced;          ///< who gives way where no seat is free; none if all are pinned
    AdviserId displaced_goes;  ///< where it goes then, at the prices; none = it stays out
    double displaced_loss = 0;
    /// The best plan with the firm is worth at most so much more than the plan's bound.
    [[nodiscard]] double gain() const { return std::max(0.0, net - reservation); }
};

class Placer {
  public:
    /// Market and plan must outlive it.
    Placer(const Market& market, const Plan& plan) : market_(&market) {
        for (std::size_t p = 0; p < market.programmes.size(); ++p)
            programmes_.push_back(std::make_unique<Programme>(market, plan, ProgrammeId(p)));
    }

    /// One placement per programme, in their order. A programme after another takes the firm if
    /// that one does.
    [[nodiscard]] std::vector<Placement> place(const Arrival& firm) {
        std::vector<Placement> out;
        out.reserve(programmes_.size());
        const Asks asks(firm);
        for (const auto& programme : programmes_) {
            const ProgrammeId after = programme->scorer.programme().after;
            const bool reached = !after.known() || out[after].outcome == Placement::Outcome::placed;
            out.push_back(programme->place(firm, asks, reached));
        }
        return out;
    }

  private:
    struct Served {
        double shared = 0;  ///< common part less price
        double common = 0;
        AdviserId adviser;
    };
    struct Best {
        AdviserId adviser, next;
        double score = 0, net = -HUGE_VAL, next_net = -HUGE_VAL;
        void offer(AdviserId j, double value, double with_net) {
            if (with_net > net || (with_net == net && j < adviser)) {
                next = adviser;
                next_net = net;
                adviser = j;
                score = value;
                net = with_net;
            } else if (with_net > next_net || (with_net == next_net && j < next)) {
                next = j;
                next_net = with_net;
            }
        }
    };
    struct Asks {
        explicit Asks(const Arrival& firm) : asked((firm.weight * firm.need).sum()) {}
        float asked;
    };
    /// Who gives way at a full adviser.
    struct Leaver {
        FirmId firm;
        AdviserId goes;
        double loss = HUGE_VAL;
    };

    /// A quota of the market that costs its pairs something, or gives them something.
    struct PricedQuota {
        std::size_t index = 0;
        double price = 0;
    };

    struct Programme {
        Programme(const Market& market, const Plan& plan, ProgrammeId p)
            : scorer(detail::scorer_of(market, plan, p)),
              stage(stage::assign(market.programmes[p])),
              of_code{} {
            const Certificate* c = plan.certificate(stage);
            const auto found = plan.prices.find(stage);
            if (c == nullptr || c->status == Status::infeasible || found == plan.prices.end())
                return;
            prices = found->second;
            take_quotas(market, plan, p);
            holders.resize(market.advisers.size());
            leaver.resize(market.advisers.size());
            for (const Assigned& a : plan.assignments) {
                if (a.programme == p) holders[a.adviser].push_back(&a);
            }
            for (std::size_t level = 1; level < of_code.size(); ++level)
                of_code[level].resize(market.geography.codes[level].size());
            for (std::size_t j = 0; j < market.advisers.size(); ++j) {
                const AdviserId adviser(j);
                if (market.advisers.capacity[j] == 0 ||
                    scorer.adviser_rule_of(adviser) != Exclusion::none)
                    continue;
                const Zone& zone = market.advisers.zone[j];
                if (zone.level == TerritoryLevel::country) anywhere.push_back(adviser);
                for (const std::uint32_t code : zone.codes) {
                    if (zone.level != TerritoryLevel::country)
                        of_code[static_cast<std::size_t>(zone.level)][code].push_back(adviser);
                }
            }
        }

        Placement place(const Arrival& firm, const Asks& asks, bool reached) {
            Placement out;
            out.programme = scorer.programme_id();
            out.reservation = firm.reservation;
            if (prices.empty()) return out;
            out.rule = reached ? scorer.firm_rule(firm.demand, firm.headcount, firm.legal_form,
                                                  firm.created)
                               : Exclusion::not_reached;
            out.outcome = Placement::Outcome::excluded;
            if (out.rule != Exclusion::none) return out;

            const double most = scorer.programme().coverage;
            const auto counts = [&](const PricedQuota& q) {
                return q.index < firm.in_quota.size() && firm.in_quota[q.index] != 0;
            };
            const double relief = relief_of(counts);
            Best best;
            for (const Served& s : serving(firm.place)) {
                if (s.shared + most + relief < best.next_net - margin) break;
                const AdviserId j = s.adviser;
                if (!scorer.serves_headcount(j, firm.headcount) ||
                    !scorer.serves_language(j, firm.languages) || !scorer.serves_trade(j, firm.naf))
                    continue;
                const double score =
                    s.common + most * scorer.coverage_of(firm.weight, firm.need, j, asks.asked);
                best.offer(j, score, score - prices[j] - quota_price(counts, j));
            }
            out.outcome = Placement::Outcome::nobody;
            if (!best.adviser.known()) return out;
            const AdviserId j = out.adviser = best.adviser;
            out.terms = {scorer.coverage_of(firm.weight, firm.need, j, asks.asked),
                         scorer.proximity(firm.place, j), scorer.trust_of(j), 0, best.score};
            out.price = prices[j] + quota_price(counts, j);
            out.net = best.net;
            out.next = best.next;
            out.next_net = best.next.known() ? best.next_net : 0;
            out.outcome = Placement::Outcome::stays_out;
            if (!(out.net > out.reservation)) return out;
            out.outcome = Placement::Outcome::placed;
            out.free_seat =
                static_cast<std::int64_t>(holders[j].size()) < scorer.market().advisers.capacity[j];
            if (out.free_seat) return out;
            const Leaver& gone = who_leaves(j);
            out.displaced = gone.firm;
            out.displaced_goes = gone.goes;
            out.displaced_loss = gone.firm.known() ? gone.loss : 0;
            return out;
        }

        /// The advisers who serve a place, best common part less price first.
        const std::vector<Served>& serving(const Place& place) {
            std::uint64_t lat = 0, lon = 0;
            std::memcpy(&lat, &place.at.lat, sizeof lat);
            std::memcpy(&lon, &place.at.lon, sizeof lon);
            const std::uint64_t key =
                (lat * 0x9e3779b97f4a7c15U) ^ (lon * 0xc2b2ae3d27d4eb4fU) ^ place.commune;
            if (const auto at = kept.find(key); at != kept.end() && same(at->second.place, place))
                return at->second.order;
            Kept fresh{place, {}};
            const auto meet = [&](const std::vector<AdviserId>& some) {
                for (const AdviserId j : some) {
                    if (scorer.place_rule(place, j) != Exclusion::none) continue;
                    const double common = scorer.common(place, j);
                    fresh.order.push_back({common - prices[j], common, j});
                }
            };
            meet(anywhere);
            const auto& territory = scorer.market().geography.territory[place.commune];
            for (std::size_t level = 1; level < of_code.size(); ++level)
                meet(of_code[level][territory[level]]);
            std::sort(fresh.order.begin(), fresh.order.end(), [](const Served& a, const Served& b) {
                return a.shared != b.shared ? a.shared > b.shared : a.adviser < b.adviser;
            });
            // An adviser whose list names a territory twice.
            const auto twice = [](const Served& a, const Served& b) {
                return a.adviser == b.adviser;
            };
            fresh.order.erase(std::unique(fresh.order.begin(), fresh.order.end(), twice),
                              fresh.order.end());
            entries += fresh.order.size();
            if (entries > most_entries) {
                kept.clear();
                entries = fresh.order.size();
            }
            return kept.insert_or_assign(key, std::move(fresh)).first->second.order;
        }
        static bool same(const Place& a, const Place& b) {
            return a.commune == b.commune && a.at.lat == b.at.lat && a.at.lon == b.at.lon;
        }

        /// The firm of a full adviser that loses least by leaving.
        const Leaver& who_leaves(AdviserId j) {
            if (leaver[j]) return *leaver[j];
            const Market& market = scorer.market();
            Leaver least;
            for (const Assigned* a : holders[j]) {
                if (a->pinned) continue;
                const FirmId i = a->firm;
                Best best;
                const float asked = scorer.asked(i);
                double most = scorer.programme().coverage;
                for (const PairNote& note : scorer.notes(i)) {
                    if (note.kind == PairKind::bonus) most += std::max(0.0, note.value);
                }
                const auto counts = [&](const PricedQuota& q) {
                    const MarketQuota& quota = market.quotas[q.index];
                    return quota.all_firms ||
                           std::binary_search(quota.firms.begin(), quota.firms.end(), i);
                };
                const double relief = relief_of(counts);
                const Place& place = market.places[market.firms.place[i]];
                for (const Served& s : serving(place)) {
                    if (s.shared + most + relief < best.net - margin) break;
                    if (holds(i, s.adviser) || scorer.pair_rule(i, s.adviser) != Exclusion::none)
                        continue;
                    const double score = scorer.score_with(s.common, i, s.adviser, asked);
                    best.offer(s.adviser, score,
                               score - prices[s.adviser] - quota_price(counts, s.adviser));
                }
                const double out = market.firms.reservation[i];
                const bool must = market.firms.min_demand[i] > 0;
                if (must && !best.adviser.known()) continue;
                const bool goes = must || best.net > out;
                const double loss =
                    a->score - prices[j] - quota_price(counts, j) - (goes ? best.net : out);
                if (loss < least.loss || (loss == least.loss && i < least.firm))
                    least = {i, goes ? best.adviser : AdviserId(), loss};
            }
            leaver[j] = least;
            return *leaver[j];
        }
        /// The quotas of the programme that have a price.
        void take_quotas(const Market& market, const Plan& plan, ProgrammeId p) {
            const auto used = plan.quotas.find(stage);
            if (used == plan.quotas.end()) return;
            std::size_t at = 0;
            for (std::size_t q = 0; q < market.quotas.size(); ++q) {
                if (!market.counts_in(market.quotas[q], p)) continue;
                const double price = at < used->second.size() ? used->second[at].price : 0;
                if (price != 0) quotas.push_back({q, price});
                ++at;
            }
        }
        /// `counts`: whether the firm belongs to a quota.
        template <class Counts>
        [[nodiscard]] double quota_price(const Counts& counts, AdviserId j) const {
            double sum = 0;
            for (const PricedQuota& q : quotas) {
                if (scorer.market().quotas[q.index].holds(j) && counts(q)) sum += q.price;
            }
            return sum;
        }
        template <class Counts>
        [[nodiscard]] double relief_of(const Counts& counts) const {
            double sum = 0;
            for (const PricedQuota& q : quotas) sum += counts(q) ? std::max(0.0, -q.price) : 0;
            return sum;
        }

        [[nodiscard]] bool holds(FirmId i, AdviserId j) const {
            return std::any_of(holders[j].begin(), holders[j].end(),
                               [&](const Assigned* a) { return a->firm == i; });
        }

        struct Kept {
            Place place;
            std::vector<Served> order;
        };
        static constexpr double margin = 1e-9;  ///< far above what rounding does to net values
        static constexpr std::size_t most_entries = 8'000'000;
        Scorer scorer;
        std::string stage;
        std::vector<double> prices;  ///< empty: not solved
        std::vector<PricedQuota> quotas;
        std::vector<std::vector<const Assigned*>> holders;
        std::vector<std::optional<Leaver>> leaver;
        std::vector<AdviserId> anywhere;
        std::array<std::vector<std::vector<AdviserId>>, 5> of_code;  ///< by level and code
        std::unordered_map<std::uint64_t, Kept> kept;
        std::size_t entries = 0;
    };

    const Market* market_;
    std::vector<std::unique_ptr<Programme>> programmes_;
};

/// A placement in one sentence.
[[nodiscard]] inline std::string sentence(const Market& market, const Placement& p) {
    using detail::rounded;
    const std::string prefix = market.programmes[p.programme].name + ": ";
    const auto adviser = [&](AdviserId j) { return "adviser " + market.advisers.id[j]; };
    switch (p.outcome) {
        case Placement::Outcome::not_solved:
            return prefix + "the plan has no prices for this programme.";
        case Placement::Outcome::excluded:
            return prefix + "no adviser, because " + std::string(name(p.rule)) + ".";
        case Placement::Outcome::nobody:
            return prefix + "no adviser is eligible.";
        case Placement::Outcome::stays_out:
            return prefix + "no adviser, because the best, " + market.advisers.id[p.adviser] +
                   ", scores " + rounded(p.terms.score) + " and a place there is worth " +
                   rounded(p.price) + " to others; that leaves " + rounded(p.net) + " for " +
                   rounded(p.reservation) + " outside.";
        case Placement::Outcome::placed:
            break;
    }
    std::string text = prefix + adviser(p.adviser) + ", score " + rounded(p.terms.score) +
                       " (coverage " + rounded(p.terms.coverage) + ", proximity " +
                       rounded(p.terms.proximity) + ", trust " + rounded(p.terms.trust) +
                       "); a place there is worth " + rounded(p.price) +
                       " to others, which leaves " + rounded(p.net);
    if (p.next.known()) text += ", against " + rounded(p.next_net) + " with " + adviser(p.next);
    if (p.free_seat) return text + "; a seat is free.";
    if (!p.displaced.known()) return text + "; all seats are pinned.";
    text += "; all seats are taken: firm " + market.firms.id[p.displaced] + " would give way, ";
    text += p.displaced_goes.known() ? "go to " + adviser(p.displaced_goes) : "stay without";
    return text + " and lose " + rounded(p.displaced_loss) + ".";
}

}  // namespace libmatch
