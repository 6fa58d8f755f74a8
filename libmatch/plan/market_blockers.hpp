// The blockers of a programme in the market's own names: ids, territory, and the rule that keeps
// others away.
//
// The territory named is the finest one (commune, departement or region) that three quarters of the
// members share (advisers by their zones, firms by their places). The rule is the one that excludes
// most pairs which could have helped: firms with the advisers that lack them, or advisers with the
// firms that lack them. Where there are many such pairs a fixed share of them is counted.
// Deterministic.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/assign/blocker_words.hpp>
#include <libmatch/model/assignment.hpp>
#include <libmatch/score/scorer.hpp>

namespace libmatch {
namespace detail {

class MarketBlockerWords {
  public:
    MarketBlockerWords(const Scorer& scorer, const std::vector<double>& prices)
        : scorer_(scorer), market_(scorer.market()), prices_(prices) {
        for (std::size_t j = 0; j < market_.advisers.size(); ++j) {
            if (market_.advisers.network[j] == scorer.programme().network) ours_.emplace_back(j);
        }
        for (std::size_t i = 0; i < market_.firms.size(); ++i) everyone_.emplace_back(i);
    }

    [[nodiscard]] std::string sentence(const Blocker& b) const {
        BlockerNames names;
        names.firms = count_of(b.firms.size(), "firm") + territory_of_firms(b.firms) +
                      some(b.firms, [&](FirmId i) { return market_.firms.id[i]; });
        names.advisers = count_of(b.advisers.size(), "adviser") +
                         territory_of_advisers(b.advisers) +
                         some(b.advisers, [&](AdviserId j) { return market_.advisers.id[j]; });
        names.pins = count_of(b.pins.size(), "pin") + some(b.pins, [&](const Pair& p) {
                         return market_.firms.id[p.firm] + " - " + market_.advisers.id[p.adviser];
                     });
        if (b.firms.empty() && b.advisers.empty()) {
            const Pair& p = b.pins.front();
            names.note = name(scorer_.exclusion(p.firm, p.adviser));
        } else if (b.kind == Blocker::Kind::adviser) {
            names.note = keeps_away(everyone_, b.advisers, "other firms");
        } else if (b.kind == Blocker::Kind::firm) {
            names.note = keeps_away(b.firms, ours_, "other advisers");
        }
        return blocker_sentence(b, prices_, names);
    }

  private:
    static constexpr double most_share = 0.75;
    static constexpr std::size_t pairs_to_count = 200'000;

    /// The first ids, in brackets.
    template <class Members, class Name>
    static std::string some(const Members& members, const Name& name) {
        constexpr std::size_t shown = 3;
        std::string text;
        for (std::size_t k = 0; k < std::min(shown, members.size()); ++k)
            text += (k == 0 ? "" : ", ") + name(members[k]);
        if (members.size() > shown)
            text += " and " + std::to_string(members.size() - shown) + " more";
        return text.empty() ? text : " (" + text + ")";
    }

    /// Counts of members by territory, level by level.
    using Counts = std::array<std::map<std::uint32_t, std::size_t>, 5>;

    [[nodiscard]] std::string finest(const Counts& counts, std::size_t members) const {
        for (std::size_t level = counts.size(); level-- > 1;) {
            if (static_cast<TerritoryLevel>(level) == TerritoryLevel::epci) continue;
            for (const auto& [code, count] : counts[level]) {
                if (static_cast<double>(count) < most_share * static_cast<double>(members))
                    continue;
                return std::string(count == members ? " of " : ", most of them of ") +
                       std::string(territory_level_names[level]) + " " +
                       market_.geography.codes[level][code] + (count == members ? "" : ",");
            }
        }
        return {};
    }
    [[nodiscard]] std::string territory_of_firms(const std::vector<FirmId>& firms) const {
        Counts counts;
        for (const FirmId i : firms) {
            const auto& around =
                market_.geography.territory[market_.places[market_.firms.place[i]].commune];
            for (std::size_t level = 1; level < counts.size(); ++level)
                ++counts[level][around[level]];
        }
        return finest(counts, firms.size());
    }
    /// A zone counts at its own level, and at coarser ones that its first commune lies in.
    [[nodiscard]] std::string territory_of_advisers(const std::vector<AdviserId>& advisers) const {
        Counts counts;
        std::map<std::pair<std::size_t, std::uint32_t>, std::size_t> commune;  // of a territory
        for (const AdviserId j : advisers) {
            const Zone& zone = market_.advisers.zone[j];
            if (zone.level == TerritoryLevel::country || zone.codes.size() != 1) continue;
            const auto own = static_cast<std::size_t>(zone.level);
            const auto [at, added] = commune.try_emplace({own, zone.codes[0]}, 0);
            if (added) {
                const auto& all = market_.geography.territory;
                at->second = static_cast<std::size_t>(
                    std::find_if(all.begin(), all.end(),
                                 [&](const auto& t) { return t[own] == zone.codes[0]; }) -
                    all.begin());
            }
            if (at->second == market_.geography.territory.size()) continue;
            for (std::size_t level = 1; level <= own; ++level)
                ++counts[level][market_.geography.territory[at->second][level]];
        }
        return finest(counts, advisers.size());
    }

    /// The rule that excludes most of these pairs.
    [[nodiscard]] std::string keeps_away(const std::vector<FirmId>& firms,
                                         const std::vector<AdviserId>& advisers,
                                         const char* who) const {
        const std::size_t pairs = firms.size() * advisers.size();
        std::size_t step = 1 + pairs / pairs_to_count;
        while (std::gcd(step, advisers.size()) != 1) ++step;  // so that all advisers are looked at
        std::map<Exclusion, std::size_t> count;
        std::size_t excluded = 0;
        for (std::size_t k = 0; k < pairs; k += step) {
            const Exclusion rule =
                scorer_.exclusion(firms[k / advisers.size()], advisers[k % advisers.size()]);
            if (rule == Exclusion::none) continue;
            ++count[rule];
            ++excluded;
        }
        if (excluded == 0) return {};
        const auto most =
            std::max_element(count.begin(), count.end(),
                             [](const auto& a, const auto& b) { return a.second < b.second; });
        return std::string(who) + " are excluded mainly because " + std::string(name(most->first)) +
               " (" + std::to_string(100 * most->second / excluded) + " %)";
    }

    const Scorer& scorer_;
    const Market& market_;
    const std::vector<double>& prices_;
    std::vector<AdviserId> ours_;
    std::vector<FirmId> everyone_;
};

}  // namespace detail

/// Rewrites the reasons of an infeasible answer in the market's names.
inline void name_blockers(const Scorer& scorer, AssignmentResult& answer) {
    if (answer.blockers.empty()) return;
    const detail::MarketBlockerWords words(scorer, answer.prices);
    for (Blocker& b : answer.blockers) {
        // A limit of a proof with quotas has no members, and says what it is.
        if (b.firms.empty() && b.advisers.empty() && b.pins.empty()) {
            const Market& market = scorer.market();
            if (b.kind == Blocker::Kind::firm)
                b.reason = "firm " + market.firms.id[b.index] + ": " + b.reason;
            if (b.kind == Blocker::Kind::adviser)
                b.reason = "adviser " + market.advisers.id[b.index] + ": " + b.reason;
            continue;
        }
        b.reason = words.sentence(b);
    }
}

}  // namespace libmatch
