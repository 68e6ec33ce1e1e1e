using System.Text;
using IlqrVae.Recordings;
using IlqrVae.Runs.Configuration;

namespace IlqrVae.Runs.Fitting;

/// <summary>A configuration to begin with: that of the first model that a fit of the recording tries, with every key explained.</summary>
public static class ProposedConfiguration
{
    private const int Width = 100;

    /// <summary>Keys that are written although they are at their defaults: those that are changed first.</summary>
    private static readonly HashSet<string> Usual = new(
        ["data", "seed", "precision", "model.states", "model.inputs", "model.dynamics.kind", "model.prior.kind", "training.iterations", "training.batch", "training.learning-rate", "training.patience"],
        StringComparer.Ordinal);

    /// <summary>The configuration itself.</summary>
    /// <param name="data">Path of the dataset as the configuration has it.</param>
    /// <param name="recording">What the dataset holds.</param>
    public static RunConfiguration Of(string data, Recording recording)
    {
        var configuration = FitLadder.Of(data, recording, new FitRequest())[0].Configuration;
        return configuration with { Model = configuration.Model.CompletedFor(recording.Groups, recording.ExternalNames.Count) };
    }

    /// <summary>The same as YAML with comments: what a line "#key: value" says is the default.</summary>
    /// <param name="data">Path of the dataset as the configuration has it.</param>
    /// <param name="recording">What the dataset holds.</param>
    public static string Write(string data, Recording recording)
    {
        ArgumentNullException.ThrowIfNull(recording);
        var (configuration, defaults) = (Of(data, recording), new RunConfiguration());
        var text = new StringBuilder();
        var splits = Enum.GetValues<TrialSplit>().Select(split => $"{recording.TrialsOf(split).Count} {split.ToString().ToLowerInvariant()}");
        var (shortest, longest) = (recording.Trials.Min(trial => trial.Bins), recording.Trials.Max(trial => trial.Bins));
        Comment(0, $"A configuration for 'ilqr-vae train', proposed from {data}: {recording.Trials.Count} trials ({string.Join(", ", splits)}) of {(shortest == longest ? $"{shortest}" : $"{shortest} to {longest}")} bins of {Wording.Number(recording.BinWidth * 1000, "0.###")} ms.");
        Comment(0, $"'ilqr-vae fit' begins with this model and tries others too: {string.Join("; ", FitLadder.Of(data, recording, new FitRequest()).Skip(1).Select(candidate => candidate.Name))}.");
        Comment(0, "A line '#key: value' is a default; take its # away to change it.");
        foreach (var (section, meaning) in Settings.Sections)
        {
            var depth = section.Length == 0 ? 0 : section.Split('.').Length;
            if (depth > 0)
            {
                text.Append('\n');
                Comment(2 * (depth - 1), meaning);
                // The state of a section without a key that is not commented out is empty, which is allowed.
                Line(2 * (depth - 1), $"{section[(section.LastIndexOf('.') + 1)..]}:");
            }

            if (section == ModelSections.Dynamics.Path)
            {
                Part(ModelSections.Dynamics, depth);
            }
            else if (section == ModelSections.Prior.Path)
            {
                Part(ModelSections.Prior, depth);
                Likelihoods();
            }
            else
            {
                foreach (var setting in Settings.All.Where(setting => setting.Section == section && setting.Path != "extensions"))
                {
                    var (value, standard) = (setting.Write(configuration), setting.Write(defaults));
                    Explained(2 * depth, $"{setting.Meaning} Give {setting.Allowed}.", setting.Key, value ?? "", value != standard || Usual.Contains(setting.Path));
                }
            }

            if (section == "training")
            {
                Hidden();
            }
        }

        return text.ToString();

        void Line(int indentation, string line) => text.Append(' ', indentation).Append(line).Append('\n');

        void Comment(int indentation, string words)
        {
            var line = "#";
            foreach (var word in words.Split(' '))
            {
                if (indentation + line.Length + word.Length + 1 > Width && line.Length > 1)
                {
                    Line(indentation, line);
                    line = "#";
                }

                line += " " + word;
            }

            Line(indentation, line);
        }

        void Explained(int indentation, string words, string key, string value, bool isOn)
        {
            Comment(indentation, words);
            Line(indentation, $"{(isOn ? "" : "#")}{key}: {value}");
        }

        void Part<TPart>(ModelSection<TPart> part, int depth)
            where TPart : Models.Kinds.PartSpecification<TPart>
        {
            var there = part.KindsAmong(configuration.Kinds);
            var chosen = part.Get(configuration.Model);
            Explained(2 * depth, string.Join("; ", there.Select(kind => $"{kind.Kind}: {kind.Meaning}")) + ".", ModelSections.Kind, chosen.Kind, isOn: true);
            foreach (var setting in chosen.SettingsAmong(configuration.Kinds))
            {
                Explained(2 * depth, $"{setting.Meaning} Give {setting.Allowed}.", setting.Key, setting.Write(chosen) ?? "", isOn: false);
            }
        }

        void Likelihoods()
        {
            text.Append('\n');
            Comment(2, $"One entry for each channel group to explain. {string.Join("; ", configuration.Kinds.Likelihoods.Select(kind => $"{kind.Kind}: {kind.Meaning}"))}.");
            Line(2, "likelihoods:");
            for (var i = 0; i < configuration.Model.Likelihoods.Count; i++)
            {
                var likelihood = configuration.Model.Likelihoods[i];
                var group = recording.Groups[recording.IndexOfGroup(likelihood.Group)];
                Comment(4, $"{group.Channels} channels of {(group.Kind == ChannelKind.Counts ? "counts" : "values")}{(group.Unit.Length > 0 ? $" in {group.Unit}" : "")}.");
                var lead = "- ";
                foreach (var (key, value) in ModelSections.Write(likelihood, configuration.Kinds))
                {
                    Line(4, $"{lead}{key}: {value}");
                    lead = "  ";
                }
            }
        }

        void Hidden()
        {
            Comment(2, "What is hidden from inference while learning, so that the model learns to predict.");
            var rules = ModelSections.WriteList(ModelSections.Hide, configuration).ToList();
            Line(2, $"hide:{(rules.Count == 0 ? " []" : "")}");
            foreach (var rule in rules)
            {
                var lead = "- ";
                foreach (var (key, value) in rule)
                {
                    Line(4, $"{lead}{key}: {value}");
                    lead = "  ";
                }
            }
        }
    }
}
