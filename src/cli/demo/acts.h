// The demo's acts: the chain as it should be, link by link.
#pragma once

#include <memory>

#include "base/error.h"
#include "cli/demo/narrator.h"
#include "cli/demo/theatre.h"

namespace vedette::cli::demo {

struct Cast {
  std::unique_ptr<ActingDevice> drone;    // admitted by the hash of its endorsement key
  std::unique_ptr<ActingDevice> camera;   // admitted because its TPM's maker is
  std::unique_ptr<ActingDevice> gateway;  // enrolled, but nobody vouches for its state
};

struct Material {
  std::string model = "silero_vad_v5.onnx";  // path
  std::string recording;                     // path of a WAV file
};

[[nodiscard]] Result<void> act_control_plane(Narrator& narrator, Theatre& theatre);
[[nodiscard]] Result<void> act_enrollment(Narrator& narrator, Theatre& theatre, Cast& cast);
[[nodiscard]] Result<void> act_attestation(Narrator& narrator, Theatre& theatre, Cast& cast);
[[nodiscard]] Result<void> act_release(Narrator& narrator, Theatre& theatre, Cast& cast,
                                       const Material& material);
[[nodiscard]] Result<void> act_inference(Narrator& narrator, Theatre& theatre, Cast& cast,
                                         const Material& material);

// The newest refusal that an agent told in its status; none if its last news is none.
[[nodiscard]] std::optional<Error> newest_refusal(const codec::Json& status);
// Whether the agent serves that release of `voice`.
[[nodiscard]] bool serves_release(const codec::Json& status, std::int64_t release);

}  // namespace vedette::cli::demo
