using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using IlqrVae.Data;
using IlqrVae.Models.Kinds;
using IlqrVae.Recordings;
using IlqrVae.Runs;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Fitting;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Cli.Commands;

/// <summary>ilqr-vae config: its commands new, check, schema and trust.</summary>
internal static class ConfigCommand
{
    private const string Description =
        """
        Configurations of 'ilqr-vae train': proposes one from data, checks one, describes them all for editors, and allows assemblies that they name.

        Example:
          ilqr-vae config new data.h5 -o config.yaml
          ilqr-vae config check config.yaml
          ilqr-vae config schema -o schema.json
        """;

    private const string NewDescription =
        """
        Proposes a configuration from a dataset: the model that 'ilqr-vae fit' tries first, with every key explained.

        Example:
          ilqr-vae config new data.h5 -o config.yaml
        """;

    private const string CheckDescription =
        """
        Reads a configuration and its data as 'train' would, and says what would be trained; nothing is trained or written.

        Example:
          ilqr-vae config check config.yaml
          ilqr-vae config check config.yaml --set model.states=60 --data other.h5
        """;

    private const string SchemaDescription =
        """
        Writes a JSON Schema (draft 2020-12) of configurations, by which editors with YAML support complete and check them.

        Put this line at the top of a configuration: # yaml-language-server: $schema=schema.json

        Example:
          ilqr-vae config schema -o schema.json
        """;

    private const string TrustDescription =
        """
        Allows assemblies with dynamics and links of somebody else, which models and runs may name under 'extensions': their code runs from then on when such a file is read.

        Each is known by its SHA-256, with the assemblies beside it that it refers to; nothing is run now. Those that you train with are known already.

        Example:
          ilqr-vae config trust their-dynamics.dll
        """;

    public static Command Create(Terminal terminal)
    {
        var command = new Command("config", Description);
        command.Subcommands.Add(New(terminal));
        command.Subcommands.Add(Check(terminal));
        command.Subcommands.Add(Schema(terminal));
        command.Subcommands.Add(Trust(terminal));
        return command;
    }

    private static Command New(Terminal terminal)
    {
        var data = new Argument<string>("DATA") { Description = "The dataset file, as 'ilqr-vae import' makes it.", HelpName = "data.h5" };
        var output = Arguments.Output("The configuration to write; by default it is printed.", isRequired: false);
        var force = Arguments.Force("Replace a file of that name.");
        var json = Arguments.Json();
        return Arguments.Make("new", NewDescription, [data, output, force, json], result =>
        {
            terminal.IsJson = result.GetValue(json);
            var (path, destination) = (result.GetValue(data)!, result.GetValue(output));
            if (destination is not null)
            {
                Arguments.RequireOther(destination, path, "the dataset");
                Arguments.RequireFree(destination, result.GetValue(force));
            }

            var recording = terminal.Read(path);
            var folder = destination is null ? "." : Path.GetDirectoryName(Path.GetFullPath(destination))!;
            var text = ProposedConfiguration.Write(Path.GetRelativePath(Path.GetFullPath(folder), Path.GetFullPath(path)).Replace('\\', '/'), recording);
            terminal.WriteJson(() => new JsonObject { ["file"] = destination, ["configuration"] = text });
            if (destination is null)
            {
                terminal.Write(text);
                return ExitCode.Done;
            }

            AtomicFile.WriteText(destination, text);
            terminal.WriteLine($"configuration: {destination}");
            terminal.WriteLine($"next:  ilqr-vae config check {Wording.Quoted(destination)}");
            return ExitCode.Done;
        });
    }

    private static Command Check(Terminal terminal)
    {
        var file = new Argument<string>("CONFIG") { Description = "The configuration (YAML), or the folder of a run.", HelpName = "config.yaml" };
        var set = Arguments.Set();
        var data = Arguments.Data("The dataset file to learn from; overrides the configuration.", isRequired: false);
        var json = Arguments.Json();
        return Arguments.Make("check", CheckDescription, [file, set, data, json], result =>
        {
            terminal.IsJson = result.GetValue(json);
            var path = RunFolder.ConfigurationOf(result.GetValue(file)!);
            var configuration = ConfigurationFile.Read(path, result.GetValue(set), isAgreed: !Directory.Exists(result.GetValue(file)));
            configuration = configuration with { Data = result.GetValue(data) ?? configuration.Data };
            var recording = terminal.Read(configuration.Data);
            var plan = TrainingPlan.Of(configuration, recording, path);
            terminal.Remarks(RecordingRemarks.Of(recording).Concat(plan.Remarks));
            Report(path, configuration, plan, terminal);
            return ExitCode.Done;
        });
    }

    private static Command Trust(Terminal terminal)
    {
        var files = new Argument<string[]>("FILE") { Description = "An assembly (.dll); may be several.", HelpName = "their-dynamics.dll", Arity = ArgumentArity.OneOrMore };
        return Arguments.Make("trust", TrustDescription, [files], result =>
        {
            foreach (var file in result.GetValue(files)!)
            {
                if (!Extensions.Trust(file))
                {
                    throw new FailedRunException($"{file}: your folder of settings cannot be written or is open to others, so nothing is remembered; set {Extensions.Variable}=1 for the commands that need the assembly.");
                }

                terminal.WriteLine($"trusted: {file}");
            }

            return ExitCode.Done;
        });
    }

    private static Command Schema(Terminal terminal)
    {
        var output = Arguments.Output("The file to write; by default the schema is printed.", isRequired: false);
        var extension = new Option<string[]>("--extension") { Description = "An assembly with dynamics and links of your own, whose kinds are to be known too; may be given several times.", HelpName = "FILE" };
        var force = Arguments.Force("Replace a file of that name.");
        return Arguments.Make("schema", SchemaDescription, [output, extension, force], result =>
        {
            var destination = result.GetValue(output);
            if (destination is not null)
            {
                Arguments.RequireFree(destination, result.GetValue(force));
            }

            var kinds = result.GetValue(extension) is { Length: > 0 } paths ? Extensions.Load(paths, "--extension") : ModelKinds.BuiltIn;
            var text = Json.Format(ConfigurationSchema.Of(kinds)) + "\n";
            if (destination is null)
            {
                terminal.Write(text);
                return ExitCode.Done;
            }

            AtomicFile.WriteText(destination, text);
            terminal.WriteLine($"schema: {destination}; at the top of a configuration: # yaml-language-server: $schema={Path.GetFileName(destination)}");
            return ExitCode.Done;
        });
    }

    private static void Report(string path, RunConfiguration given, TrainingPlan plan, Terminal terminal)
    {
        var (configuration, training) = (plan.Configuration, plan.Configuration.Training);
        var model = configuration.Model;
        var parts = plan.Parameters.GroupBy(one => one.Name.Split('.')[0], StringComparer.Ordinal).Select(part => (Name: part.Key, Numbers: part.Sum(one => one.Numbers))).ToList();
        terminal.WriteJson(() => new JsonObject
        {
            ["configuration"] = path,
            ["data"] = given.Data,
            ["states"] = model.States,
            ["inputs"] = model.Inputs,
            ["dynamics"] = model.Dynamics.Kind,
            ["prior"] = model.Prior.Kind,
            ["precision"] = configuration.Precision.ToString().ToLowerInvariant(),
            ["groups"] = new JsonArray([.. model.Likelihoods.Select(one => (JsonNode)new JsonObject
            {
                ["name"] = one.Group,
                ["channels"] = plan.Recording.Groups[plan.Recording.IndexOfGroup(one.Group)].Channels,
                ["likelihood"] = one.Kind,
            })]),
            ["trials"] = new JsonObject(Enum.GetValues<TrialSplit>().Select(split => KeyValuePair.Create(split.ToString().ToLowerInvariant(), (JsonNode?)JsonValue.Create(plan.Recording.TrialsOf(split).Count)))),
            ["longest_trial"] = Longest(plan.Recording),
            ["parameters"] = plan.Numbers,
            ["iterations"] = training.Iterations,
            ["batch"] = plan.Batch,
            ["turns"] = Json.Number(plan.Turns),
            ["threads"] = plan.Workers,
            ["objective"] = TrainingSession.LearnedBy(training),
            ["validation_score"] = TrainingSession.NameOf(training.ScoreOfValidation),
            ["settings"] = new JsonObject(ConfigurationFile.Values(configuration).Select(one => KeyValuePair.Create(one.Path, (JsonNode?)JsonValue.Create(one.Value)))),
        });
        terminal.WriteLine($"{path}: {model.States} states and {model.Inputs} inputs, {model.Dynamics.Kind} dynamics, {model.Prior.Kind} prior, {configuration.Precision.ToString().ToLowerInvariant()} precision; {plan.Numbers} parameters ({string.Join(", ", parts.Select(part => $"{part.Name} {part.Numbers}"))})");
        terminal.WriteTable(["group", "channels", "likelihood"], model.Likelihoods.Select(one => (IReadOnlyList<string>)
            [one.Group, plan.Recording.Groups[plan.Recording.IndexOfGroup(one.Group)].Channels.ToString(CultureInfo.InvariantCulture), one.Kind]));
        var (train, validation) = (plan.Recording.TrialsOf(TrialSplit.Train).Count, plan.Recording.TrialsOf(TrialSplit.Validation).Count);
        terminal.WriteLine($"{given.Data}: {train} training and {validation} validation {(training.Chunk > 0 ? "trials or chunks" : "trials")} of up to {Longest(plan.Recording)} bins");
        terminal.WriteLine($"learns by {TrainingSession.LearnedBy(training)}: {training.Iterations} updates of {plan.Batch} trials, {Wording.Number(plan.Turns, "0.#")} turns of each, {plan.Workers} {(plan.Workers == 1 ? "thread" : "threads")}");
        terminal.WriteLine(validation == 0
            ? "no validation: the last parameters are kept"
            : $"validates by {TrainingSession.NameOf(training.ScoreOfValidation)} every {training.ValidationInterval} updates, {(training.Patience == 0 ? "never stops early" : $"stops after {training.Patience} without improvement")}");
        var open = ConfigurationFile.Values(given).Where(one => one.Value is "automatic" or "").Select(one => one.Path).ToHashSet(StringComparer.Ordinal);
        foreach (var (key, value) in ConfigurationFile.Values(configuration).Where(one => open.Contains(one.Path) && one.Value is not (null or "automatic" or "")))
        {
            terminal.WriteLine($"automatic: {key} = {value!.Replace("\n", "; ", StringComparison.Ordinal)}");
        }
    }

    private static int Longest(Recording recording) => recording.Trials.Where(trial => trial.Split != TrialSplit.Test).Max(trial => trial.Bins);
}
