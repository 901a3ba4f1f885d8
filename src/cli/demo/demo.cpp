#include "cli/demo/demo.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include <CLI/CLI.hpp>

#include "base/fd.h"
#include "cli/demo/acts.h"
#include "cli/demo/attacks.h"
#include "cli/demo/narrator.h"
#include "cli/demo/theatre.h"

namespace vedette::cli::demo {

namespace {

struct Options {
  bool keep = false;
  Material material;
};

// Removed with all that is in it, unless it is to be kept.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!kept_) std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  void keep() { kept_ = true; }

 private:
  std::string path_;
  bool kept_ = false;
};

// Short, because a Unix socket's path is.
Result<std::string> temporary_folder() {
  const char* base = std::getenv("TMPDIR");
  std::string name = std::string(base == nullptr ? "/tmp" : base) + "/vedette-demo.XXXXXX";
  if (::mkdtemp(name.data()) == nullptr)
    return refuse("FILE-CREATE", "no temporary folder can be made", errno_text(name));
  return name;
}

Result<void> find_material(const Environment& environment, Material& material) {
  namespace fs = std::filesystem;
  if (!fs::exists(material.model)) {
    // In a build tree: <root>/build/<preset>/bin beside <root>/.deps.
    const fs::path root = fs::path(environment.program_folder) / "../../..";
    material.model = (root / ".deps/models/silero_vad_v5.onnx").lexically_normal().string();
  }
  for (const std::string& path : {material.model, material.recording})
    if (!fs::exists(path))
      return refuse("DEMO-MATERIAL", "a part of the demo is missing", path,
                    "run './dev setup', or name it with --model and --recording");
  return {};
}

Result<void> play_attacks(Narrator& narrator, Theatre& theatre, Cast& cast,
                          const Material& material) {
  narrator.act("6  Every attack on the chain is refused, with a reason");
  VEDETTE_CHECK(attack_flipped_bit(narrator, theatre, cast, material));
  VEDETTE_CHECK(attack_stranger_signs(narrator, theatre, material));
  VEDETTE_CHECK(attack_unattested_result(narrator, theatre, cast));
  VEDETTE_CHECK(attack_replayed_quote(narrator, theatre, cast));
  VEDETTE_CHECK(attack_cloned_identity(narrator, theatre, cast));
  VEDETTE_CHECK(attack_cage(narrator, theatre));
  VEDETTE_CHECK(attack_changed_state(narrator, theatre, cast));
  return attack_after_revocation(narrator, theatre, cast);
}

Result<void> play_chain(Narrator& narrator, Theatre& theatre, Cast& cast,
                        const Material& material) {
  VEDETTE_CHECK(act_control_plane(narrator, theatre));
  VEDETTE_CHECK(act_enrollment(narrator, theatre, cast));
  VEDETTE_CHECK(act_attestation(narrator, theatre, cast));
  VEDETTE_CHECK(act_release(narrator, theatre, cast, material));
  return act_inference(narrator, theatre, cast, material);
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): all that a handler may touch
volatile std::sig_atomic_t interrupted = 0;

// A handler, not sigwait: other threads run already, and any of them may be handed the signal.
void wait_for_interrupt() {
  const auto remember = [](int) { interrupted = 1; };
  std::signal(SIGINT, remember);
  std::signal(SIGTERM, remember);
  while (interrupted == 0)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
}

void tell_how_to_talk(Output& output, const Theatre& theatre, const Cast& cast) {
  const std::string api = "http://127.0.0.1:" + std::to_string(cast.drone->api_port);
  output.note("\nIt goes on running in " + theatre.folder() + ". Talk to it:\n" + "  curl -s " +
              api + "/vedette/status\n" + "  curl -s " + api + "/v2/models/voice\n" + "  " +
              theatre.program("vedette") + " device list --operator " + theatre.operator_folder() +
              "\n  " + theatre.program("vedette") + " log list --operator " +
              theatre.operator_folder() + "\nCtrl-C ends it and removes the folder.");
}

Result<void> play(Environment& environment, Stage& stage, Options options) {
  VEDETTE_CHECK(find_material(environment, options.material));
  VEDETTE_TRY(std::string made, temporary_folder());
  TemporaryFolder folder(std::move(made));  // before the programs in it, so that it goes after them
  Output& output = *environment.output;
  Narrator narrator(output);
  Theatre theatre(stage, folder.path(), environment.program_folder);
  Cast cast;
  const auto start = std::chrono::steady_clock::now();
  output.note(
      "Vedette: devices, a model and a cloud that believe nothing until it is proven.\n"
      "All parts are real; only the TPMs are emulated. Folder: " +
      folder.path());
  auto played = play_chain(narrator, theatre, cast, options.material);
  // With --keep the devices stay as a visitor wants to find them: trusted and answering.
  if (played && !options.keep) played = play_attacks(narrator, theatre, cast, options.material);
  if (played) played = check_log(narrator, theatre);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - start);
  if (played) {
    codec::Json summary;
    summary.set("deeds", std::uint64_t{narrator.deeds()});
    summary.set("refusals", std::uint64_t{narrator.refusals()});
    summary.set("milliseconds", std::int64_t{took.count()}).set("steps", narrator.record());
    output.result(summary, "\n" + styled("All as it must be: ", "1;32", output.colour()) +
                               std::to_string(narrator.deeds()) + " deeds done, " +
                               std::to_string(narrator.refusals()) + " attempts refused, " +
                               std::to_string((took.count() + 500) / 1000) + " s.\n");
  }
  if (played && options.keep) {
    tell_how_to_talk(output, theatre, cast);
    wait_for_interrupt();
  }
  if (!played && options.keep) folder.keep();  // its logs say why
  return played;
}

}  // namespace

void add_demo_command(CLI::App& app, Choice& choice, Stage& stage) {
  CLI::App* verb =
      app.add_subcommand("demo", "see the whole chain at work, and every attack refused");
  const auto options = std::make_shared<Options>();
  options->material.recording =
      "/usr/share/pocketsphinx/test/data/librivox/sense_and_sensibility_01_austen_64kb-0870.wav";
  verb->add_flag("--keep", options->keep, "leave it running, without the attacks, to talk to");
  verb->add_option("--model", options->material.model, "the Silero VAD model (ONNX)");
  verb->add_option("--recording", options->material.recording, "speech: WAV, mono, 16 bit, 16 kHz");
  verb->callback([options, &choice, &stage] {
    choice.command = [options, &stage](Environment& environment) {
      return play(environment, stage, *options);
    };
  });
}

}  // namespace vedette::cli::demo
