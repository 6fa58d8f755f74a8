// The whole run: from a market to a proven plan.
//
// Stages, in order: one assignment per programme; grants; dossiers; a lead for each dossier and
// specialists beside it; a lender for each dossier and each solo loan; resources; workshops;
// visits; shared staff. Every stage carries a certificate about its own full problem, given the
// stages before. A stage that is left out leaves its tables empty, and later stages see nothing of
// it; workshops, visits and shared staff are left out where the market has no rule of them.
// Deterministic for any number of threads.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/core/beside.hpp>
#include <libmatch/core/error.hpp>
#include <libmatch/plan/assign_stage.hpp>
#include <libmatch/plan/fund_stage.hpp>
#include <libmatch/plan/people_stages.hpp>
#include <libmatch/plan/pool_stage.hpp>
#include <libmatch/plan/resources_stage.hpp>
#include <libmatch/plan/run.hpp>
#include <libmatch/plan/service_stages.hpp>
#include <libmatch/plan/visits_stage.hpp>

namespace libmatch {
namespace detail {

struct NamedStage {
    const char* name;
    void (*solve)(Run&);
};

/// All stages, in order.
inline constexpr NamedStage all_stages[] = {
    {"assign", assign_stage},
    {"fund", fund_stage},
    {"pool", pool_stage},
    {"lead", lead_stage},
    {"specialists", specialists_stage},
    {"lend", lend_stage},
    {"resources", resources_stage},
    {"workshops", workshops_stage},
    {"visits", visits_stage},
    {"shared_staff", shared_staff_stage},
};

}  // namespace detail

inline const std::vector<std::string>& stage_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        for (const detail::NamedStage& stage : detail::all_stages) all.emplace_back(stage.name);
        return all;
    }();
    return names;
}

/// Solves the stages. A cancel ends the stage in which it comes; those after it are left out, as if
/// nobody had asked for them. Throws InputError for unknown stages, and for a limit on changes or
/// an exact plan that the market does not go with; infeasible, stopped and cancelled are values.
[[nodiscard]] inline Plan solve(const Market& market, const SolveOptions& options,
                                Control& control) {
    const std::vector<std::string>& asked = options.stages;
    std::vector<Fault> faults;
    for (const std::string& name : asked) {
        if (std::find(stage_names().begin(), stage_names().end(), name) != stage_names().end())
            continue;
        std::string all;
        for (const std::string& known : stage_names()) all += (all.empty() ? "" : ", ") + known;
        faults.push_back({Fault::Severity::error, "stages", -1, "", name, "there is no such stage",
                          "use some of " + all});
    }
    if (!faults.empty()) throw InputError(std::move(faults));
    return Beside::watched(control, [&](Control& own) {
        detail::Run run{market, options, own, {}, {}, {}, {}};
        run.assign.gap = options.gap;
        run.assign.exact = options.exact;
        run.assign.threads = options.threads;
        run.previous = options.previous ? *options.previous : previous_of(market);
        detail::check_limits(run);
        for (const detail::NamedStage& stage : detail::all_stages) {
            if (!asked.empty() && std::find(asked.begin(), asked.end(), stage.name) == asked.end())
                continue;
            if (run.over()) break;
            stage.solve(run);
        }
        return std::move(run.plan);
    });
}

}  // namespace libmatch
