// One traveller's firms, laid out for search: distinct places, and the distances between them.
//
// Place 0 is home. Distances are stored up to `most_stored` places and computed on each use beyond.
// Complexity: O(places^2). Deterministic.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include <libmatch/model/rounds.hpp>

namespace libmatch::detail {

class HomeArea {
  public:
    static constexpr std::size_t most_stored = 2048;

    /// `firms`: the traveller's firms, in the order of the problem.
    HomeArea(const RoundsProblem& problem, std::size_t r, std::vector<FirmId> firms)
        : firms_(std::move(firms)),
          given_days_(problem.travellers[r].days),
          days_(std::min(static_cast<std::size_t>(problem.travellers[r].days), firms_.size())),
          stops_(std::min(static_cast<std::size_t>(problem.travellers[r].stops_per_day),
                          firms_.size())),
          max_km_(problem.max_km_per_day),
          cost_per_km_(problem.cost_per_km) {
        std::vector<std::uint32_t> order(firms_.size());
        for (std::size_t k = 0; k < order.size(); ++k) order[k] = static_cast<std::uint32_t>(k);
        const auto at = [&](std::uint32_t k) { return problem.place[firms_[k]]; };
        std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
            const LatLon p = at(a), q = at(b);
            return p.lat != q.lat ? p.lat < q.lat : p.lon != q.lon ? p.lon < q.lon : a < b;
        });
        points_.push_back(on_sphere(problem.travellers[r].home));
        at_place_.emplace_back();
        place_of_.resize(firms_.size());
        for (std::size_t k = 0; k < order.size(); ++k) {
            if (k == 0 || !(at(order[k]) == at(order[k - 1]))) {
                points_.push_back(on_sphere(at(order[k])));
                at_place_.emplace_back();
            }
            place_of_[order[k]] = static_cast<std::uint32_t>(points_.size() - 1);
            at_place_.back().push_back(order[k]);
        }
        for (const FirmId i : firms_) value_.push_back(problem.value[i]);
        if (points_.size() > most_stored) return;
        km_.resize(points_.size() * points_.size());
        for (std::size_t a = 0; a < points_.size(); ++a) {
            for (std::size_t b = 0; b < points_.size(); ++b)
                km_[a * points_.size() + b] = distance_km(points_[a], points_[b]);
        }
    }

    [[nodiscard]] std::size_t size() const { return firms_.size(); }
    [[nodiscard]] std::size_t places() const { return points_.size(); }
    /// More rounds than firms are never made.
    [[nodiscard]] std::size_t days() const { return days_; }
    [[nodiscard]] double given_days() const { return given_days_; }
    [[nodiscard]] std::size_t stops() const { return stops_; }
    [[nodiscard]] double max_km() const { return max_km_; }
    [[nodiscard]] double cost_per_km() const { return cost_per_km_; }
    [[nodiscard]] double value(std::size_t k) const { return value_[k]; }
    [[nodiscard]] FirmId firm(std::size_t k) const { return firms_[k]; }
    [[nodiscard]] std::uint32_t place_of(std::size_t k) const { return place_of_[k]; }
    [[nodiscard]] const std::vector<std::uint32_t>& at(std::size_t place) const {
        return at_place_[place];
    }
    [[nodiscard]] double km(std::size_t a, std::size_t b) const {
        return km_.empty() ? distance_km(points_[a], points_[b]) : km_[a * points_.size() + b];
    }

  private:
    std::vector<FirmId> firms_;
    double given_days_;
    std::size_t days_, stops_;
    double max_km_, cost_per_km_;
    std::vector<double> value_;
    std::vector<std::uint32_t> place_of_;
    std::vector<std::vector<std::uint32_t>> at_place_;
    std::vector<SpherePoint> points_;
    std::vector<double> km_;
};

}  // namespace libmatch::detail
