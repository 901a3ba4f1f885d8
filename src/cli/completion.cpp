#include <CLI/CLI.hpp>

#include "cli/command_line.h"

namespace vedette::cli {

namespace {

// Long options and verbs that may follow `app`, and the root's options, which may stand anywhere.
std::string words_after(const CLI::App& app, const CLI::App& root) {
  std::string words;
  const auto add = [&](const std::string& word) { words += (words.empty() ? "" : " ") + word; };
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    add(sub->get_name());
  for (const CLI::App* holder : {&app, &root})
    for (const CLI::Option* option : holder->get_options([](const CLI::Option*) { return true; }))
      for (const std::string& name : option->get_lnames())
        if (holder == &app || &app != &root) add("--" + name);
  return words;
}

void add_cases(const CLI::App& app, const CLI::App& root, const std::string& path,
               std::string& script) {
  script += "    \"" + path + "\") words=\"" + words_after(app, root) + "\" ;;\n";
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    add_cases(*sub, root, path.empty() ? sub->get_name() : path + " " + sub->get_name(), script);
}

// The noun and the verb are the first words that are no options; the rest is files.
std::string bash_script(const CLI::App& root) {
  std::string script = R"(_vedette() {
  local word path="" words="" depth=0 i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="${COMP_WORDS[i]}"
    case "$word" in
      -o|--output|--operator) ((i++)) ;;
      -*) ;;
      *) ((depth++ < 2)) && path="${path:+$path }$word" ;;
    esac
  done
  case "$path" in
)";
  add_cases(root, root, "", script);
  return script + R"(  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}")
  if [[ ${#COMPREPLY[@]} -eq 0 ]]; then compopt -o default 2>/dev/null; fi
}
complete -F _vedette vedette
)";
}

}  // namespace

void add_completion_command(CLI::App& app, Choice& choice) {
  CLI::App& noun = add_noun(app, "completion", "a script that lets a shell complete commands");
  on_call(*noun.add_subcommand("bash", "for bash: source <(vedette completion bash)"), choice,
          [&app](Environment& environment) -> Result<void> {
            const std::string script = bash_script(app);
            codec::Json json;
            json.set("script", script);
            environment.output->result(json, script);
            return {};
          });
}

}  // namespace vedette::cli
