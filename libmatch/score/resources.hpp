// How much a resource of a regional centre answers what a firm still needs.
//
//   usefulness(i, r) = sum_k w_ik min(unmet_ik, taught_rk) / sum_k w_ik need_ik,
// unmet_ik = max(0, need_ik - best skill among the advisers of firm i). In [0, 1]. O(skills) per
// pair.
#pragma once

#include <algorithm>

#include <Eigen/Core>

#include <libmatch/model/market.hpp>

namespace libmatch {

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

/// A centre serves a firm of its territory; a resource in named languages serves speakers of one of
/// them.
[[nodiscard]] inline bool serves(const Market& market, ResourceId r, FirmId i) {
    const Resource& resource = market.resources[r];
    const WordSet spoken = market.firms.languages[i];
    if (spoken != 0 && resource.languages != 0 && (spoken & resource.languages) == 0) return false;
    return market.geography.contains(resource.zone, market.places[market.firms.place[i]].commune);
}

[[nodiscard]] inline double usefulness(const Market& market, FirmId i, const Eigen::ArrayXf& unmet,
                                       ResourceId r) {
    const auto k = static_cast<Eigen::Index>(i.value);
    const auto w = market.firms.weight.col(market.firms.weight.cols() == 1 ? 0 : k);
    const float asked = (w * market.firms.need.col(k)).sum();
    if (asked <= 0) return 0;
    const auto taught = market.resource_skill.col(static_cast<Eigen::Index>(r.value));
    return static_cast<double>((w * unmet.min(taught)).sum()) / static_cast<double>(asked);
}

}  // namespace libmatch
