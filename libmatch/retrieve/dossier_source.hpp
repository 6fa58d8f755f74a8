// The pairs of dossiers and the advisers who may lead or assist them.
//
// Method: no row is stored, for a country of dossiers meets thousands of advisers each. Places in
// the same territories share who may work there; dossiers that meet at one place share how near
// they are, too, which is worked out once as long as dossiers come by place. What an adviser covers
// is estimated in single precision, skill by skill for all at the place, and worked out for the
// pairs that may count. Complexity: O(skills) per eligible pair and question. Memory O((dossiers +
// advisers) x skills + territories x advisers). Deterministic.
#pragma once

#include <algorithm>
#include <array>
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
          trust_(trust_in_helpers(market)) {
        std::array<std::vector<std::vector<std::uint32_t>>, levels> of_code;  // in able_
        std::vector<std::uint32_t> everywhere;
        for (std::size_t level = 1; level < levels; ++level)
            of_code[level].resize(market.geography.codes[level].size());
        for (std::size_t j = 0; j < market.advisers.size(); ++j) {
            if (!works(AdviserId(j))) continue;
            const Advisers& a = market.advisers;
            const auto at = static_cast<std::uint32_t>(able_.size());
            able_.push_back({static_cast<std::uint32_t>(j), a.remote[j] != 0,
                             market.places[a.place[j]].point, far_square_of_chord(a.range_km[j])});
            const Zone& zone = a.zone[j];
            if (zone.level == TerritoryLevel::country) everywhere.push_back(at);
            for (std::size_t c = 0; zone.level != TerritoryLevel::country && c < zone.codes.size();
                 ++c)
                of_code[static_cast<std::size_t>(zone.level)][zone.codes[c]].push_back(at);
        }
        std::map<std::array<std::uint32_t, levels>, std::uint32_t> staffs;
        for (const Dossier& d : dossiers) {
            seat_.push_back(seat_place(market, d));
            if (role == Role::lead) needs_.push_back(needs_of(market, d));
            const auto& territory = market.geography.territory[market.places[seat_.back()].commune];
            std::array<std::uint32_t, levels> key{};
            for (std::size_t level = 1; level < levels; ++level) {
                const bool some = !of_code[level][territory[level]].empty();
                key[level] = some ? territory[level] : 0xffffffff;
            }
            const auto [at, fresh] =
                staffs.try_emplace(key, static_cast<std::uint32_t>(staff_.size()));
            staff_at_.push_back(at->second);
            if (!fresh) continue;
            auto& staff = staff_.emplace_back(everywhere);
            for (std::size_t level = 1; level < levels; ++level) {
                const auto& here = of_code[level][territory[level]];
                staff.insert(staff.end(), here.begin(), here.end());
            }
            std::sort(staff.begin(), staff.end());
            staff.erase(std::unique(staff.begin(), staff.end()), staff.end());
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
        gather(d, desk);
        row.key = seat_[d].value;
        row.adviser = desk.adviser;
        row.value.resize(desk.adviser.size());
        for (std::size_t x = 0; x < row.value.size(); ++x)
            row.value[x] = exact(d, AdviserId(desk.adviser[x]), desk.proximity[x]);
    }
    void best(std::span<const FirmId> who, std::span<const double> prices, CandidateLists& lists,
              unsigned threads, const Control& control, double least = -HUGE_VAL) const override {
        // By place, whoever asks.
        std::vector<FirmId> order(who.begin(), who.end());
        std::sort(order.begin(), order.end());
        detail::best_by_scan(order, prices, lists, threads, control, least, [&] {
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
    static constexpr std::size_t levels = 5;  ///< of territories
    static constexpr double most_of_lead = 1 + 1e-9;

    struct Able {
        std::uint32_t adviser;
        bool remote;
        SpherePoint home;
        double cut;  ///< squared chord of the unit sphere beyond which its proximity is 0
    };
    /// Who may work at one place, and what a dossier there may expect of them.
    struct Desk {
        std::uint32_t place = PlaceId::missing;
        std::vector<std::uint32_t> adviser;
        std::vector<double> proximity, here;
        std::vector<float> skill;  ///< by skill, then adviser
        std::vector<float> more;   ///< what each is worth beyond `here`
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

    void gather(FirmId d, Desk& desk) const {
        const PlaceId seat = seat_[d];
        if (desk.place == seat.value) return;
        desk.place = seat.value;
        const std::vector<std::uint32_t>& staff = staff_[staff_at_[d]];
        const SpherePoint& at = market_.places[seat].point;
        const bool lead = role_ == Role::lead;
        const std::size_t count = staff.size();
        desk.adviser.resize(count);
        desk.proximity.resize(count);
        desk.here.resize(count);
        for (std::size_t x = 0; x < count; ++x) {
            const Able& a = able_[staff[x]];
            const bool far = !a.remote && square_of_chord(at, a.home) > a.cut;
            const double near = far ? 0 : proximity_to_seat(market_, seat, AdviserId(a.adviser));
            desk.adviser[x] = a.adviser;
            desk.proximity[x] = near;
            desk.here[x] = lead ? lead_utility(0, 0, near, trust_[a.adviser])
                                : specialist_utility(near, trust_[a.adviser]);
        }
        desk.more.assign(count, 0.0F);
        if (!lead) return;
        const auto& skill = market_.advisers.skill;
        desk.skill.resize(count * market_.skills.size());
        for (std::size_t x = 0; x < count; ++x) {
            const float* own = skill.col(static_cast<Eigen::Index>(desk.adviser[x])).data();
            for (std::size_t k = 0; k < market_.skills.size(); ++k)
                desk.skill[k * count + x] = own[k];
        }
    }

    /// About what each adviser at the desk is worth to a dossier beyond `here`.
    void estimate(FirmId d, Desk& desk) const {
        if (role_ == Role::specialist) return;
        const std::size_t count = desk.adviser.size();
        std::fill(desk.more.begin(), desk.more.end(), 0.0F);
        float* more = desk.more.data();
        for (std::size_t k = 0; k < market_.skills.size(); ++k) {
            const auto at = static_cast<Eigen::Index>(k);
            const auto need = static_cast<float>(needs_[d].need[at]);
            const auto weight = static_cast<float>(lead_weight_coverage * needs_[d].weight[at]);
            if (!(need > 0 && weight > 0)) continue;
            const float* own = desk.skill.data() + k * count;
            for (std::size_t x = 0; x < count; ++x)
                more[x] += weight * (own[x] < need ? own[x] : need);
        }
        for (const Known& k : known_[d]) {
            const auto at =
                std::lower_bound(desk.adviser.begin(), desk.adviser.end(), k.adviser.value);
            if (at != desk.adviser.end() && *at == k.adviser.value)
                more[at - desk.adviser.begin()] += static_cast<float>(lead_weight_known * k.share);
        }
    }

    /// The scan of a thread.
    struct Scan {
        const DossierSource& source;
        std::span<const double> prices;
        Desk desk;

        template <class Keep>
        void operator()(FirmId d, Keep& keep) {
            source.gather(d, desk);
            source.estimate(d, desk);
            // Of a sum up to 1 in single precision, and of the exact ones.
            const double rounding =
                static_cast<double>(source.market_.skills.size() + 8) * 0x1p-23 + 1e-9;
            for (std::size_t x = 0; x < desk.adviser.size(); ++x) {
                const AdviserId j(desk.adviser[x]);
                const double about = desk.here[x] + static_cast<double>(desk.more[x]);
                if (about - prices[j] + rounding < keep.floor()) {
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
    std::vector<PlaceId> seat_;
    std::vector<DossierNeeds> needs_;
    std::vector<Able> able_;
    /// In able_, of places in the same territories; which one by dossier.
    std::vector<std::vector<std::uint32_t>> staff_;
    std::vector<std::uint32_t> staff_at_;
};

}  // namespace libmatch
