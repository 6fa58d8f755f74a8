// The grants that firms may have, compiled: offers of each firm, budgets, and what dossiers allow.
//
// Firms with the same open schemes are of one kind, so a firm holds its limits and one amount per
// offer, and a country fits in memory. Complexity: O(firms x schemes), in parallel. Deterministic.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/core/parallel.hpp>
#include <libmatch/fund/stack.hpp>

namespace libmatch {

/// What dossiers that stand already ask of grants; empty before there are any.
struct Standing {
    static constexpr std::uint32_t alone = UINT32_MAX;
    std::vector<std::uint32_t> dossier;  ///< of each firm, or alone; empty = no dossier stands yet
    std::vector<Cents> kept;             ///< what each firm must still lack after its grants
    std::vector<Cents> room;             ///< most grants of all members of each dossier together
};

/// What firms ask of a scheme: those that may have its grants, and the most that these would take.
struct Asked {
    std::int64_t firms = 0;
    Cents most = 0;
};

namespace detail {

struct Seeker {
    FirmId firm;
    std::uint32_t kind = 0;
    std::uint32_t dossier = Standing::alone;
    std::uint64_t begin = 0;  ///< of its amounts
    Cents limit = 0, de_minimis = 0;
};

struct GrantProblem {
    std::vector<Cents> budget;                      ///< by scheme
    std::vector<Offer> line;                        ///< by scheme: floor, group, de minimis
    std::vector<std::vector<std::uint32_t>> kinds;  ///< open schemes of each kind of firm
    std::vector<Asked> asked;                       ///< by scheme
    std::vector<Seeker> seekers;  ///< by firm; first those alone, then the members of each dossier
    std::vector<Cents> most;      ///< by offer, from Seeker::begin
    std::vector<Cents> ceiling;   ///< likewise; empty when no scheme has one
    std::vector<Cents> room;      ///< of each dossier
    std::vector<std::size_t> members;  ///< of dossier d: seekers [members[d], members[d + 1])

    [[nodiscard]] std::size_t alone() const {
        return members.empty() ? seekers.size() : members[0];
    }
    [[nodiscard]] std::size_t offers(const Seeker& s) const { return kinds[s.kind].size(); }
    void load(const Seeker& s, std::vector<Offer>& out) const {
        const auto& kind = kinds[s.kind];
        out.resize(kind.size());
        for (std::size_t k = 0; k < kind.size(); ++k) {
            out[k] = line[kind[k]];
            out[k].most = most[s.begin + k];
            if (!ceiling.empty()) out[k].ceiling = ceiling[s.begin + k];
        }
    }
};

inline std::vector<Offer> scheme_lines(const Market& market) {
    std::map<std::string, std::uint32_t> groups;
    std::vector<Offer> line;
    for (std::size_t s = 0; s < market.schemes.size(); ++s) {
        const Scheme& scheme = market.schemes[s];
        Offer o;
        o.scheme = static_cast<std::uint32_t>(s);
        o.floor = cents_up(scheme.floor_eur);
        o.de_minimis = scheme.de_minimis;
        if (!scheme.stacking_group.empty())
            o.group =
                groups.try_emplace(scheme.stacking_group, static_cast<std::uint32_t>(groups.size()))
                    .first->second +
                1;
        line.push_back(o);
    }
    return line;
}

[[nodiscard]] inline GrantProblem grant_problem(const Market& market,
                                                const std::vector<FirmId>& firms,
                                                const std::vector<Backing>& backing,
                                                const Standing& standing, unsigned threads) {
    GrantProblem p;
    p.line = scheme_lines(market);
    p.room = standing.room;
    const std::size_t schemes = market.schemes.size(), words = (schemes + 63) / 64;
    bool ceilings = false;
    for (const Scheme& s : market.schemes) {
        p.budget.push_back(cents_down(s.budget_eur));
        ceilings = ceilings || s.intensity_max < 1;
    }
    std::vector<FirmId> order = firms;
    const auto dossier_of = [&](FirmId i) {
        return standing.dossier.empty() ? Standing::alone : standing.dossier[i];
    };
    // Alone is the largest number: plus one it is the smallest.
    std::stable_sort(order.begin(), order.end(),
                     [&](FirmId a, FirmId b) { return dossier_of(a) + 1 < dossier_of(b) + 1; });
    constexpr std::size_t chunk = 4096;
    std::vector<std::uint64_t> open(order.size() * words, 0);
    std::vector<std::vector<Asked>> parts((order.size() + chunk - 1) / chunk);
    parallel_chunks(order.size(), chunk, threads, [&](std::size_t begin, std::size_t end) {
        std::vector<Asked>& asked = parts[begin / chunk];
        asked.resize(schemes);
        for (std::size_t at = begin; at < end; ++at) {
            const FirmId i = order[at];
            for (std::size_t s = 0; s < schemes; ++s) {
                const Scheme& scheme = market.schemes[s];
                const Cents most = largest_grant(market, scheme, i);
                if (most <= 0 || !scheme_exclusion(market, scheme, i, backing[i]).empty() ||
                    (scheme.collective_only && !standing.dossier.empty() &&
                     dossier_of(i) == Standing::alone))
                    continue;
                open[at * words + s / 64] |= std::uint64_t{1} << (s % 64);
                asked[s].firms += 1;
                asked[s].most += most;
            }
        }
    });
    p.asked.resize(schemes);
    for (const std::vector<Asked>& part : parts) {
        for (std::size_t s = 0; s < schemes; ++s) {
            p.asked[s].firms += part[s].firms;
            p.asked[s].most += part[s].most;
        }
    }
    std::map<std::vector<std::uint64_t>, std::uint32_t> kinds;
    std::vector<std::uint64_t> key(words);
    std::size_t dossiers = 0;
    for (std::size_t at = 0; at < order.size(); ++at) {
        const FirmId i = order[at];
        Seeker s{
            i, 0, dossier_of(i), p.most.size(), aid_limit(market, i), de_minimis_room(market, i)};
        if (!standing.kept.empty()) {
            const Cents lacks =
                cents_down(market.firms.cost_eur[i] - market.firms.own_funds_eur[i]);
            s.limit = std::max<Cents>(0, std::min(s.limit, lacks - standing.kept[i]));
        }
        for (; s.dossier != Standing::alone && dossiers <= s.dossier; ++dossiers)
            p.members.push_back(p.seekers.size());
        key.assign(open.begin() + static_cast<std::ptrdiff_t>(at * words),
                   open.begin() + static_cast<std::ptrdiff_t>((at + 1) * words));
        if (s.limit <= 0 || std::all_of(key.begin(), key.end(), [](auto w) { return w == 0; }))
            continue;
        const auto [kind, fresh] = kinds.try_emplace(key, static_cast<std::uint32_t>(kinds.size()));
        if (fresh) {
            p.kinds.emplace_back();
            for (std::size_t k = 0; k < schemes; ++k) {
                if ((key[k / 64] >> (k % 64) & 1) != 0)
                    p.kinds.back().push_back(static_cast<std::uint32_t>(k));
            }
        }
        s.kind = kind->second;
        for (const std::uint32_t k : p.kinds[s.kind]) {
            p.most.push_back(largest_grant(market, market.schemes[k], i));
            if (ceilings) p.ceiling.push_back(stack_limit(market, market.schemes[k], i));
        }
        p.seekers.push_back(s);
    }
    for (; dossiers <= p.room.size() && !p.room.empty(); ++dossiers)
        p.members.push_back(p.seekers.size());
    return p;
}

}  // namespace detail
}  // namespace libmatch
