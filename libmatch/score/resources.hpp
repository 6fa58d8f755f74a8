// What the resources of regional resource centres bring to a firm beyond its advisers.
//
// A list S of resources is worth to firm i, in shares of its needs,
//
//   F_i(S) = sum_k w_ik min(unmet_ik, max over r in S of taught_rk) / sum_k w_ik need_ik
//            + sum over r in S of (0.1 usefulness_ir - 0.05 if it comes from a neighbour),
//
// unmet_ik = max(0, need_ik - best skill among the advisers of firm i), and usefulness_ir is the
// first part of F_i for r alone. So a list is diverse: what one resource teaches, another need not,
// and of resources that teach the same a firm is offered one. This is the worth of a team
// (model/team.hpp) without capacities.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <numeric>
#include <vector>

#include <Eigen/Core>

#include <libmatch/core/geo.hpp>
#include <libmatch/model/market.hpp>
#include <libmatch/model/team.hpp>

namespace libmatch {

inline constexpr double resource_relevance = 0.1;
inline constexpr double resource_from_neighbour = 0.05;

/// What the firm still needs once its advisers have helped. `served`: the firm's advisers over all
/// programmes.
template <class AdviserRange>
[[nodiscard]] Eigen::ArrayXf unmet_need(const Market& market, FirmId i,
                                        const AdviserRange& served) {
    Eigen::ArrayXf unmet = market.firms.need.col(static_cast<Eigen::Index>(i.value));
    for (const AdviserId j : served) {
        const auto skill = market.advisers.skill.col(static_cast<Eigen::Index>(j.value));
        unmet = unmet.min(
            (market.firms.need.col(static_cast<Eigen::Index>(i.value)) - skill).max(0.0F));
    }
    return unmet;
}

enum class ServedAs : std::uint8_t { nobody, neighbour, resident };

/// What teaches the same, and which communes each centre serves: those of its territory, and those
/// whose middle is within `resources_neighbour_km` of the middle of one of them.
///
/// Complexity: O(territories x communes x communes of a band of latitude), memory O(territories x
/// communes).
class CentreReach {
  public:
    explicit CentreReach(const Market& market) : market_(market) {
        std::vector<const Zone*> zones;
        for (const Resource& r : market.resources) {
            const auto known = std::find_if(zones.begin(), zones.end(), [&](const Zone* z) {
                return z->level == r.zone.level && z->codes == r.zone.codes;
            });
            zone_of_.push_back(static_cast<std::size_t>(known - zones.begin()));
            if (known == zones.end()) zones.push_back(&r.zone);
        }
        std::map<std::vector<float>, std::uint32_t> kinds;
        for (std::size_t r = 0; r < market.resources.size(); ++r) {
            const auto taught = market.resource_skill.col(static_cast<Eigen::Index>(r));
            kind_.push_back(kinds
                                .try_emplace({taught.begin(), taught.end()},
                                             static_cast<std::uint32_t>(kinds.size()))
                                .first->second);
        }
        kinds_ = kinds.size();
        const Geography& g = market.geography;
        std::vector<std::uint32_t> by_latitude(g.at.size());
        std::iota(by_latitude.begin(), by_latitude.end(), std::uint32_t{0});
        std::sort(by_latitude.begin(), by_latitude.end(), [&](std::uint32_t a, std::uint32_t b) {
            return g.at[a].lat < g.at[b].lat || (g.at[a].lat == g.at[b].lat && a < b);
        });
        for (const LatLon& at : g.at) point_.push_back(on_sphere(at));
        for (const Zone* zone : zones) served_.push_back(served_by(*zone, by_latitude));
    }

    /// How a resource's centre reaches the firm; none also where languages or formats do not fit.
    [[nodiscard]] ServedAs of(ResourceId r, FirmId i) const {
        const Resource& resource = market_.resources[r];
        const auto fits = [](WordSet wanted, WordSet offered) {
            return wanted == 0 || offered == 0 || (wanted & offered) != 0;
        };
        if (!fits(market_.firms.languages[i], resource.languages) ||
            !fits(market_.firms.formats[i], resource.format)) {
            return ServedAs::nobody;
        }
        return served_[zone_of_[r]][market_.places[market_.firms.place[i]].commune];
    }

    /// Resources that teach the same are of one kind, in [0, kinds()).
    [[nodiscard]] std::uint32_t kind(ResourceId r) const { return kind_[r]; }
    [[nodiscard]] std::size_t kinds() const { return kinds_; }

  private:
    [[nodiscard]] std::vector<ServedAs> served_by(
        const Zone& zone, const std::vector<std::uint32_t>& by_latitude) const {
        const Geography& g = market_.geography;
        std::vector<ServedAs> served(g.at.size(), ServedAs::nobody);
        std::vector<std::uint32_t> inside;  // by latitude
        SpherePoint low{1, 1, 1}, high{-1, -1, -1};
        for (const std::uint32_t c : by_latitude) {
            if (!g.contains(zone, c)) continue;
            served[c] = ServedAs::resident;
            inside.push_back(c);
            const SpherePoint& p = point_[c];
            low = {std::min(low.x, p.x), std::min(low.y, p.y), std::min(low.z, p.z)};
            high = {std::max(high.x, p.x), std::max(high.y, p.y), std::max(high.z, p.z)};
        }
        const double km = market_.settings.resources_neighbour_km;
        if (inside.size() == g.at.size() || inside.empty() || !(km > 0)) return served;
        constexpr double km_per_degree = earth_radius_km * 0.017453292519943295;
        const double degrees = km / km_per_degree * (1 + 1e-9) + 1e-9;
        const double chord = chord_of(km), most = chord * chord;
        const auto below = [&](std::uint32_t c, double lat) { return g.at[c].lat < lat; };
        const auto outside = [](double x, double from, double to) {
            return std::max({0.0, from - x, x - to});
        };
        for (const std::uint32_t c : by_latitude) {
            if (served[c] == ServedAs::resident) continue;
            const SpherePoint& p = point_[c];
            const double x = outside(p.x, low.x, high.x), y = outside(p.y, low.y, high.y),
                         z = outside(p.z, low.z, high.z);
            if (x * x + y * y + z * z > most) continue;
            const double lat = g.at[c].lat;
            auto near = std::lower_bound(inside.begin(), inside.end(), lat - degrees, below);
            for (; near != inside.end() && g.at[*near].lat <= lat + degrees; ++near) {
                if (square_of_chord(p, point_[*near]) <= most) {
                    served[c] = ServedAs::neighbour;
                    break;
                }
            }
        }
        return served;
    }

    const Market& market_;
    std::vector<SpherePoint> point_;   ///< of communes
    std::vector<std::uint32_t> kind_;  ///< per resource
    std::size_t kinds_ = 0;
    std::vector<std::size_t> zone_of_;           ///< per resource
    std::vector<std::vector<ServedAs>> served_;  ///< per zone, by commune
};

/// sum_k w_ik need_ik; 0 = the firm needs nothing.
[[nodiscard]] inline double asked_of_resources(const Market& market, FirmId i) {
    const auto k = static_cast<Eigen::Index>(i.value);
    const auto w = market.firms.weight.col(market.firms.weight.cols() == 1 ? 0 : k);
    return (w * market.firms.need.col(k)).cast<double>().sum();
}

[[nodiscard]] inline double usefulness(const Market& market, FirmId i, const Eigen::ArrayXf& unmet,
                                       ResourceId r) {
    const double asked = asked_of_resources(market, i);
    if (asked <= 0) return 0;
    const auto k = static_cast<Eigen::Index>(i.value);
    const auto w = market.firms.weight.col(market.firms.weight.cols() == 1 ? 0 : k);
    const auto taught = market.resource_skill.col(static_cast<Eigen::Index>(r.value));
    return (w * unmet.min(taught)).cast<double>().sum() / asked;
}

/// A resource that a firm may be given.
struct ResourceOffer {
    ResourceId resource;
    double usefulness = 0;
    ServedAs as = ServedAs::nobody;
};

/// All resources that help the firm; of those that teach the same, the one of its own territory,
/// else the first. By resource.
[[nodiscard]] inline std::vector<ResourceOffer> resource_offers(const Market& market,
                                                                const CentreReach& reach, FirmId i,
                                                                const Eigen::ArrayXf& unmet) {
    std::vector<ResourceOffer> offers;
    if (!(unmet.sum() > 0)) return offers;
    std::vector<std::uint32_t> of_kind(reach.kinds(), 0);  // place in `offers`, from 1
    for (std::size_t r = 0; r < market.resources.size(); ++r) {
        const ResourceId resource(r);
        const ServedAs as = reach.of(resource, i);
        if (as == ServedAs::nobody) continue;
        std::uint32_t& known = of_kind[reach.kind(resource)];
        if (known != 0) {
            ResourceOffer& other = offers[known - 1];
            if (as > other.as) other = {resource, other.usefulness, as};
            continue;
        }
        const double use = usefulness(market, i, unmet, resource);
        if (!(use > 0)) continue;
        offers.push_back({resource, use, as});
        known = static_cast<std::uint32_t>(offers.size());
    }
    std::sort(offers.begin(), offers.end(), [](const ResourceOffer& a, const ResourceOffer& b) {
        return a.resource < b.resource;
    });
    return offers;
}

/// What resource r counts in a list beside what the list covers together.
[[nodiscard]] inline double resource_utility(double usefulness, ServedAs as) {
    return resource_relevance * usefulness -
           (as == ServedAs::neighbour ? resource_from_neighbour : 0);
}

/// Firms [first, first + unmet.size()) and all resources as teams: firm k of the team is firm
/// first + k.
[[nodiscard]] inline Team resource_team(const Market& market, std::size_t first,
                                        const std::vector<Eigen::ArrayXf>& unmet) {
    Team team;
    team.skills = market.skills.size();
    for (std::size_t k = 0; k < unmet.size(); ++k) {
        const FirmId i(first + k);
        const double asked = asked_of_resources(market, i);
        const auto column = static_cast<Eigen::Index>(i.value);
        const auto w = market.firms.weight.col(market.firms.weight.cols() == 1 ? 0 : column);
        for (Eigen::Index s = 0; s < unmet[k].size(); ++s) {
            team.need.push_back(static_cast<double>(unmet[k][s]));
            team.weight.push_back(asked > 0 ? static_cast<double>(w[s]) / asked : 0);
        }
    }
    for (Eigen::Index r = 0; r < market.resource_skill.cols(); ++r) {
        for (Eigen::Index s = 0; s < market.resource_skill.rows(); ++s)
            team.skill.push_back(static_cast<double>(market.resource_skill(s, r)));
    }
    return team;
}

}  // namespace libmatch
