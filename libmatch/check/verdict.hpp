// What the judge says.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <libmatch/model/certificate.hpp>

namespace libmatch::check {

/// One thing that is wrong with an answer.
struct Violation {
    std::string stage;    ///< "assign:volunteers", "pool", ...
    std::string subject;  ///< the id or index concerned
    std::string problem;  ///< what is wrong, with the claimed and the recomputed figure
};

/// Everything recomputed by the judge for one stage.
struct StageVerdict {
    std::string stage;
    double objective = 0;
    double bound = 0;
    [[nodiscard]] double gap() const {
        Certificate c;
        c.objective = objective;
        c.bound = bound;
        return c.gap();
    }
};

struct Verdict {
    std::vector<Violation> violations;
    std::vector<StageVerdict> stages;
    [[nodiscard]] bool ok() const { return violations.empty(); }
    void fail(std::string stage, std::string subject, std::string problem) {
        violations.push_back({std::move(stage), std::move(subject), std::move(problem)});
    }
};

}  // namespace libmatch::check
