// The pairs of dossiers and the advisers who may lead or assist them.
//
// Method: no row is stored, for a country of dossiers meets thousands of advisers each. Dossiers
// that meet at one place share who may work there and how near they are, so these are worked out
// once as long as dossiers come by place; what an adviser covers is estimated from its skills side
// by side (score/skill_rows.hpp), and worked out for the pairs that may count. Complexity:
// O(skills) per eligible pair and question. Memory O((dossiers + advisers) x skills).
// Deterministic.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include <libmatch/model/market.hpp>
#include <libmatch/model/plan.hpp>
#include <libmatch/retrieve/source.hpp>
#include <libmatch/score/dossiers.hpp>
#include <libmatch/score/skill_rows.hpp>

namespace libmatch {

class DossierSource final : public PairSource {
  public:
    enum class Role { lead, specialist };
    /// An adviser of some members of a dossier, and of which share of them.
    struct Known {
        AdviserId adviser;
        double share = 0;
    };

    /// Dossiers are the firms; those that meet at one place should follow each other. `known`: of
    /// each dossier, by adviser; empty where specialists are asked for, who stand beside a lead.
    DossierSource(const Market& market, const std::vector<Dossier>& dossiers, Role role,
                  std::vector<std::vector<Known>> known)
        : market_(market),
          dossiers_(dossiers),
          role_(role),
          known_(std::move(known)),
          trust_(trust_in_helpers(market)),
          skills_(market.skills.size(), skills_by_adviser(market)) {
        for (const Dossier& d : dossiers) {
            seat_.push_back(seat_place(market, d));
            if (role == Role::lead) needs_.push_back(needs_of(market, d));
        }
        std::map<std::pair<TerritoryLevel, std::vector<std::uint32_t>>, std::uint32_t> zones;
        for (std::size_t j = 0; j < market.advisers.size(); ++j) {
            if (!works(AdviserId(j))) continue;
            const Zone& zone = market.advisers.zone[j];
            const auto [at, fresh] = zones.try_emplace({zone.level, zone.codes},
                                                       static_cast<std::uint32_t>(zones.size()));
            if (fresh) zones_.push_back(static_cast<std::uint32_t>(j));
            able_.push_back({static_cast<std::uint32_t>(j), at->second});
        }
    }

    [[nodiscard]] std::size_t firms() const override { return dossiers_.size(); }
    [[nodiscard]] std::size_t advisers() const override { return market_.advisers.size(); }
    [[nodiscard]] bool eligible(FirmId d, AdviserId j) const override {
        if (role_ == Role::lead) return may_lead(market_, seat_[d], j);
        return j == dossiers_[d].lead || (works(j) && may_assist(market_, seat_[d], j));
    }
    [[nodiscard]] double utility(FirmId d, AdviserId j) const override {
        return exact(d, j, proximity_to_seat(market_, seat_[d], j));
    }
    [[nodiscard]] double utility_limit() const override {
        return role_ == Role::lead ? most_of_lead : 0;
    }
    [[nodiscard]] double utility_size() const override {
        return role_ == Role::lead ? most_of_lead : specialist_cost;
    }

    /// The lead of a dossier that is no specialist is left out.
    void pairs_of(FirmId d, PairRow& row) const override {
        if (role_ == Role::specialist && row.key == seat_[d].value) return;
        Desk desk;
        gather(seat_[d], desk);
        row.key = seat_[d].value;
        row.adviser = desk.adviser;
        row.value.resize(desk.adviser.size());
        for (std::size_t x = 0; x < row.value.size(); ++x)
            row.value[x] = exact(d, AdviserId(desk.adviser[x]), desk.proximity[x]);
    }
    void best(std::span<const FirmId> who, std::span<const double> prices, CandidateLists& lists,
              unsigned threads, const Control& control, double least = -HUGE_VAL) const override {
        detail::best_by_scan(who, prices, lists, threads, control, least, [&] {
            return Scan{*this, prices, {}};
        });
    }
    [[nodiscard]] std::vector<ValuedPair> above(std::span<const FirmId> who,
                                                std::span<const double> prices,
                                                std::span<const double> threshold, unsigned threads,
                                                const Control& control) const override {
        return detail::above_by_scan(who, threshold, threads, control, [&] {
            return Scan{*this, prices, {}};
        });
    }

  private:
    /// Estimates and exact values differ by rounding only, far less than this.
    static constexpr double rounding = 1e-9;
    static constexpr double most_of_lead = 1 + rounding;

    struct Able {
        std::uint32_t adviser, zone;
    };
    /// Who may work at one place, and what a dossier there may expect of them.
    struct Desk {
        std::uint32_t place = PlaceId::missing;
        std::vector<char> inside;  ///< by zone
        std::vector<std::uint32_t> adviser;
        std::vector<double> proximity, here, worth;
        detail::SkillRows::Wanted wanted;
    };

    /// Whether the adviser leads or assists anywhere.
    [[nodiscard]] bool works(AdviserId j) const {
        const Advisers& a = market_.advisers;
        if (!helps(market_, j)) return false;
        return role_ == Role::lead ? writes(market_, j) : a.specialist_capacity[j] > 0;
    }

    [[nodiscard]] double share_known(FirmId d, AdviserId j) const {
        for (const Known& k : known_[d]) {
            if (k.adviser == j) return k.share;
        }
        return 0;
    }
    [[nodiscard]] double exact(FirmId d, AdviserId j, double proximity) const {
        if (role_ == Role::specialist) return specialist_utility(proximity, trust_[j]);
        return lead_utility(covered_by(market_, needs_[d], j), share_known(d, j), proximity,
                            trust_[j]);
    }

    void gather(PlaceId seat, Desk& desk) const {
        if (desk.place == seat.value) return;
        desk.place = seat.value;
        desk.inside.assign(zones_.size(), 0);
        for (std::size_t z = 0; z < zones_.size(); ++z) {
            desk.inside[z] = market_.geography.contains(market_.advisers.zone[zones_[z]],
                                                        market_.places[seat].commune);
        }
        desk.adviser.clear();
        desk.proximity.clear();
        desk.here.clear();
        for (const Able& a : able_) {
            if (desk.inside[a.zone] == 0) continue;
            const double near = proximity_to_seat(market_, seat, AdviserId(a.adviser));
            desk.adviser.push_back(a.adviser);
            desk.proximity.push_back(near);
            desk.here.push_back(role_ == Role::lead ? lead_utility(0, 0, near, trust_[a.adviser])
                                                    : specialist_utility(near, trust_[a.adviser]));
        }
    }

    /// About what each adviser at the desk is worth to a dossier.
    void estimate(FirmId d, Desk& desk) const {
        desk.worth = desk.here;
        if (role_ == Role::specialist) return;
        const DossierNeeds& needs = needs_[d];
        desk.wanted.clear(skills_.width());
        for (std::size_t k = 0; k < static_cast<std::size_t>(needs.need.size()); ++k) {
            const auto at = static_cast<Eigen::Index>(k);
            desk.wanted.need[k] = needs.need[at];
            desk.wanted.weight[k] = lead_weight_coverage * needs.weight[at];
        }
        skills_.add_gains(desk.wanted, desk.adviser, desk.worth.data());
        for (const Known& k : known_[d]) {
            const auto at =
                std::lower_bound(desk.adviser.begin(), desk.adviser.end(), k.adviser.value);
            if (at != desk.adviser.end() && *at == k.adviser.value)
                desk.worth[static_cast<std::size_t>(at - desk.adviser.begin())] +=
                    lead_weight_known * k.share;
        }
    }

    /// The scan of a thread.
    struct Scan {
        const DossierSource& source;
        std::span<const double> prices;
        Desk desk;

        template <class Keep>
        void operator()(FirmId d, Keep& keep) {
            source.gather(source.seat_[d], desk);
            source.estimate(d, desk);
            for (std::size_t x = 0; x < desk.adviser.size(); ++x) {
                const AdviserId j(desk.adviser[x]);
                if (desk.worth[x] - prices[j] + rounding < keep.floor()) {
                    keep.skipped();
                    continue;
                }
                const double worth = source.exact(d, j, desk.proximity[x]);
                keep.offer(j, worth, worth - prices[j]);
            }
        }
    };

    const Market& market_;
    const std::vector<Dossier>& dossiers_;
    Role role_;
    std::vector<std::vector<Known>> known_;
    std::vector<double> trust_;
    detail::SkillRows skills_;
    std::vector<PlaceId> seat_;
    std::vector<DossierNeeds> needs_;
    std::vector<Able> able_;
    std::vector<std::uint32_t> zones_;  ///< an adviser of each
};

}  // namespace libmatch
