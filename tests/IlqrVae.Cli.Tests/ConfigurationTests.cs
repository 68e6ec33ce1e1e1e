using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Models.Dynamics;
using IlqrVae.Models.Kinds;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Recordings;
using IlqrVae.Runs.Configuration;
using IlqrVae.Simulation;
using IlqrVae.Training;
using IlqrVae.Training.Hiding;

namespace IlqrVae.Cli.Tests;

/// <summary>The keys of the configuration, the options of the library and the documentation must agree.</summary>
public sealed class ConfigurationTests
{
    private const string Changed =
        """
        data: d.h5
        seed: 9
        precision: single
        model:
          states: 7
          inputs: 3
          dynamics: {kind: residual-mlp, hidden: 9, unit-norm-inputs: true, initial-time-constant: 3.5}
          prior: {kind: gaussian}
          likelihoods:
            - group: "a: b"
              link: softplus
              gain: true
            - {group: v, kind: gaussian}
        posterior: {initial-deviation: 0.2, input-deviation: 0.7}
        training:
          iterations: 11
          batch: 0
          learning-rate: 0.5
          schedule: inverse-square-root
          schedule-iterations: 7
          gradient-clip: 0
          recurrent-penalty: 0.125
          averaging: 0.25
          read-out-penalty: 0.75
          read-out-prior: learned
          values-weight: 0.5
          threads: 3
          validation-interval: 0
          patience: 4
          checkpoint-interval: 0
          validation-hides: [v]
          chunk: 33
          validation-share: 0.25
          hidden-weight: 4
          validation-folds: 6
          hide:
            - {kind: groups, of: [v], probability: 0.5}
            - kind: end
              bins: 7
          freeze: [dynamics, "likelihood:v"]
          start-from: other-run
          alignment: none
          objective: predictive
          validation-score: evidence
          draws: 2
          gradient: gauss-newton
          gradient-tolerance: 1e-3
          gradient-steps: 5
          prior-term: sampled
          tolerance: 1e-5
          solver-iterations: 6
          solver-products: 0
          sufficient-decrease: 0.01
        """;

    private static readonly string Document = Path.Combine(Root(), "docs", "configuration.md");

    [Fact]
    public void Every_key_is_read_and_written()
    {
        var configuration = ConfigurationFile.Parse(Changed, "text");
        var defaults = new RunConfiguration();
        foreach (var setting in Settings.All.Where(setting => setting.Path != "extensions"))
        {
            Assert.True(setting.Write(configuration) != setting.Write(defaults), $"{setting.Path} was not read");
        }

        var again = ConfigurationFile.Parse(ConfigurationFile.Write(configuration), "text");
        Assert.Empty(ConfigurationFile.Differences(configuration, again));
        var (open, gaussian) = (Assert.IsType<LikelihoodByGroup>(again.Model.Likelihoods[0]), Assert.IsType<GaussianSpecification>(again.Model.Likelihoods[1]));
        Assert.Equal("a: b", open.Group);
        Assert.Equal("v", gaussian.Group);
        var poisson = Assert.IsType<PoissonSpecification>(open.For(new ChannelGroup("a: b", ChannelKind.Counts, 1)));
        Assert.Equal((Link.Softplus, true), (poisson.Link, poisson.Gain));
        Assert.Contains("'link' is no setting of 'gaussian'", Assert.Throws<InputException>(() => open.For(new ChannelGroup("a: b", ChannelKind.Values, 1))).Message, StringComparison.Ordinal);
    }

    /// <summary>Every kind, with every setting at a value that is not its default, comes back from a file as it was.</summary>
    [Fact]
    public void Every_setting_of_every_kind_is_read_and_written()
    {
        var kinds = ModelKinds.BuiltIn;
        Check(kinds.Dynamics, (part, model) => model with { Dynamics = part }, model => model.Dynamics);
        Check(kinds.Priors, (part, model) => model with { Prior = part }, model => model.Prior);
        Check(kinds.Likelihoods, (part, model) => model with { Likelihoods = [part with { Group = "g" }] }, model => model.Likelihoods[0] with { Group = "" });
        CheckAll(HidingRule.Kinds, (part, configuration) => configuration with { Training = configuration.Training with { Hide = [part] } }, configuration => configuration.Training.Hide![0]);

        void Check<TPart>(IReadOnlyList<TPart> parts, Func<TPart, ModelSpecification, ModelSpecification> put, Func<ModelSpecification, TPart> take)
            where TPart : PartSpecification<TPart>
            => CheckAll(parts, (part, configuration) => configuration with { Model = put(part, configuration.Model) }, configuration => take(configuration.Model));

        void CheckAll<TPart>(IReadOnlyList<TPart> parts, Func<TPart, RunConfiguration, RunConfiguration> put, Func<RunConfiguration, TPart> take)
            where TPart : PartSpecification<TPart>
        {
            foreach (var part in parts)
            {
                var changed = part;
                foreach (var setting in part.SettingsAmong(kinds))
                {
                    changed = new[] { "true", "false", "softplus", "7", "0.7" }.Select(text => setting.Read(changed, [text])).First(one => one is not null && setting.Write(one) != setting.Write(part))!;
                }

                Assert.All(part.SettingsAmong(kinds), setting => Assert.False(setting.Write(part) == setting.Write(changed), setting.Key));
                AssertChanged(part.GetType(), changed, part, nameof(LikelihoodSpecification.Group));
                var written = ConfigurationFile.Write(put(changed, new RunConfiguration { Data = "d.h5" }));
                var read = take(ConfigurationFile.Parse(written, "text"));
                Assert.Equal(changed.GetType(), read.GetType());
                Assert.All(part.SettingsAmong(kinds), setting => Assert.Equal(setting.Write(changed), setting.Write(read)));
            }
        }
    }

    [Fact]
    public void Rules_of_hiding_are_read_strictly()
    {
        static string Message(string rules) => Assert.Throws<InputException>(() => ConfigurationFile.Parse($"data: d.h5\ntraining:\n  hide: {rules}", "text")).Message;
        Assert.Contains("line 3: 'training.hide' is a list", Message("all"), StringComparison.Ordinal);
        Assert.Contains("has no 'kind'; give groups, channels, entries, bins or end", Message("[{of: [v]}]"), StringComparison.Ordinal);
        Assert.Contains("'training.hide.kind' is 'group'; did you mean 'groups'?", Message("[{kind: group}]"), StringComparison.Ordinal);
        Assert.Contains("'training.hide.share' is a key of 'channels' or 'entries', not of 'end'", Message("[{kind: end, share: 0.5}]"), StringComparison.Ordinal);
        Assert.Contains("'training.hide.share' is '2'", Message("[{kind: entries, share: 2}]"), StringComparison.Ordinal);
        Assert.Equal([], ConfigurationFile.Parse("data: d.h5\ntraining: {hide: }", "text").Training.Hide);

        // Not given is not the same as nothing: the recording decides then.
        Assert.Null(ConfigurationFile.Parse("data: d.h5", "text").Training.Hide);
        var none = ConfigurationFile.Parse("data: d.h5\ntraining: {hide: []}", "text");
        Assert.Equal([], ConfigurationFile.Parse(ConfigurationFile.Write(none), "text").Training.Hide);
        Assert.Equal(["training.hide"], ConfigurationFile.Differences(none, ConfigurationFile.Parse("data: d.h5", "text")));
    }

    [Fact]
    public void The_prior_of_read_outs_is_learned_where_anything_is_hidden()
    {
        var recording = Simulations.Linear(new LinearOptions { Observation = ObservationKind.Spikes, Channels = 12, Trials = 2, Bins = 10 });
        bool? Of(string keys) => ConfigurationFile.Parse($"data: d.h5\ntraining: {{{keys}}}", "text").CompletedFor(recording).Training.ShrinkReadOuts;
        Assert.Equal((true, true, false, false, true), (Of(""), Of("read-out-prior: automatic"), Of("read-out-prior: none"), Of("hide: []"), Of("hide: [], read-out-prior: learned")));
        Assert.Contains("'training.read-out-prior' is 'yes'", Assert.Throws<InputException>(() => Of("read-out-prior: yes")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_penalty_of_read_outs_goes_with_hiding_unless_it_is_given()
    {
        var recording = Simulations.Linear(new LinearOptions { Observation = ObservationKind.Spikes, Channels = 12, Trials = 2, Bins = 10 });
        double? Of(string keys) => ConfigurationFile.Parse($"data: d.h5\ntraining: {{{keys}}}", "text").CompletedFor(recording).Training.ReadOutPenalty;
        Assert.Equal(5, Of(""));
        Assert.Equal(5, Of("read-out-penalty: automatic"));
        Assert.Equal(0, Of("hide: []"));
        Assert.Equal(0, Of("objective: evidence"));
        Assert.Equal(2.5, Of("hide: [], read-out-penalty: 2.5"));
        Assert.Equal(0, Of("read-out-penalty: 0"));
        foreach (var wrong in (string[])["-1", "NaN", "much", "Infinity"])
        {
            Assert.Contains("give zero or more, or automatic", Assert.Throws<InputException>(() => Of($"read-out-penalty: {wrong}")).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Parameters_are_averaged_where_anything_is_hidden_unless_it_is_given()
    {
        var recording = Simulations.Linear(new LinearOptions { Observation = ObservationKind.Spikes, Channels = 12, Trials = 2, Bins = 10 });
        double? Of(string keys) => ConfigurationFile.Parse($"data: d.h5\ntraining: {{{keys}}}", "text").CompletedFor(recording).Training.Averaging;
        Assert.Equal(0.1, Of(""));
        Assert.Equal(0.1, Of("averaging: automatic"));
        Assert.Equal(0, Of("hide: []"));
        Assert.Equal(0, Of("averaging: 0"));
        Assert.Equal(0.5, Of("hide: [], averaging: 0.5"));
        foreach (var wrong in (string[])["-0.1", "1", "NaN", "much"])
        {
            Assert.Contains("give zero or more, below 1, or automatic", Assert.Throws<InputException>(() => Of($"averaging: {wrong}")).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Values_count_by_the_width_of_bins_beside_counts_that_are_hidden()
    {
        double? Of(double binWidth, string keys, bool hasCounts = true)
        {
            var group = (string name, ChannelKind kind, int channels) => new ChannelGroup(name, kind, channels);
            List<ChannelGroup> groups = [group("velocity", ChannelKind.Values, 2)];
            if (hasCounts)
            {
                groups.Add(group("spikes", ChannelKind.Counts, 12));
            }

            var recording = new Recording
            {
                BinWidth = binWidth,
                Groups = groups,
                Trials = [new Trial { Name = "0", Bins = 3, Observations = [.. groups.Select(one => Observations.Missing(3, one.Channels, one.Kind))] }],
            };
            return ConfigurationFile.Parse($"data: d.h5\ntraining: {{{keys}}}", "text").CompletedFor(recording).Training.ValuesWeight;
        }

        Assert.Equal(0.2, Of(0.01, "")!.Value, 1e-12);
        Assert.Equal(1, Of(0.05, ""));
        Assert.Equal(1, Of(0.25, ""));
        Assert.Equal(1, Of(0.01, "hide: []"));
        Assert.Equal(1, Of(0.01, "hide: [{kind: end, bins: 1}]", hasCounts: false));
        Assert.Equal(0.7, Of(0.01, "values-weight: 0.7"));
        Assert.Contains("give a positive number, or automatic", Assert.Throws<InputException>(() => Of(0.01, "values-weight: 0")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_of_another_kind_is_refused_but_for_files_of_former_versions()
    {
        const string Text = "data: d.h5\nmodel: {dynamics: {kind: rnn, stable: true}}";
        var message = Assert.Throws<InputException>(() => ConfigurationFile.Parse(Text, "text")).Message;
        Assert.Equal("text, line 2: 'model.dynamics.stable' is a key of 'linear', not of 'rnn'; leave it out, or choose another 'kind'.", message);
        Assert.Equal(new RnnSpecification(), ConfigurationFile.Parse(Text, "text", isOld: true).Model.Dynamics);
    }

    /// <summary>An option that the library gains must become a key: the records with every property changed differ from those the keys can reach.</summary>
    [Fact]
    public void Every_option_of_the_library_has_a_key()
    {
        var configuration = ConfigurationFile.Parse(Changed, "text");
        AssertChanged(configuration.Training, new TrainingOptions(), nameof(TrainingOptions.Seed), nameof(TrainingOptions.Elbo));
        AssertChanged(configuration.Training.Elbo, new ElboOptions(), nameof(ElboOptions.Solver));
        AssertChanged(configuration.Training.Elbo.Solver, new SolverOptions());
        AssertChanged(
            configuration.Model, new ModelSpecification(), nameof(ModelSpecification.Likelihoods), nameof(ModelSpecification.Dynamics), nameof(ModelSpecification.Prior));
    }

    [Fact]
    public void The_documentation_lists_every_key_with_its_default_and_meaning()
    {
        var expected = Tables();
        if (Environment.GetEnvironmentVariable("ILQR_VAE_WRITE_DOCS") == "1")
        {
            var written = File.ReadAllText(Document);
            File.WriteAllText(Document, Regex.Replace(
                written, "<!-- keys -->\n.*<!-- end of keys -->", _ => $"<!-- keys -->\n{expected}<!-- end of keys -->", RegexOptions.Singleline, TimeSpan.FromSeconds(5)));
        }

        Assert.Contains($"<!-- keys -->\n{expected}<!-- end of keys -->", File.ReadAllText(Document), StringComparison.Ordinal);
    }

    [Fact]
    public void Examples_in_the_documentation_are_valid()
    {
        var examples = Regex.Matches(File.ReadAllText(Document), "```yaml\n(?<text>.*?)```", RegexOptions.Singleline, TimeSpan.FromSeconds(5));
        Assert.NotEmpty(examples);
        Assert.All(examples, example => ConfigurationFile.Parse(example.Groups["text"].Value, "example"));
    }

    private static string Tables()
    {
        var text = new StringBuilder();
        var defaults = new RunConfiguration();
        foreach (var (path, meaning) in Settings.Sections)
        {
            text.Append($"\n### {(path.Length == 0 ? "at the top" : $"`{path}`")}\n\n{meaning}\n\n");
            Header(text);
            if (path == ModelSections.Dynamics.Path)
            {
                Rows(text, ModelKinds.BuiltIn.Dynamics, defaults.Model.Dynamics.Kind);
            }

            if (path == ModelSections.Prior.Path)
            {
                Rows(text, ModelKinds.BuiltIn.Priors, defaults.Model.Prior.Kind);
                text.Append("\n### `model.likelihoods`\n\nA list with one entry for each channel group to explain; left out, every group is explained. Without a `kind` it is ");
                text.Append(string.Join(" and ", ModelKinds.BuiltIn.Likelihoods.Where(kind => kind.DefaultFor is not null).Select(kind => $"`{kind.Kind}` for {kind.DefaultFor.ToString()!.ToLowerInvariant()}"))).Append(".\n\n");
                Header(text);
                Row(text, ModelSections.Group, "", "the name of a channel group", "The channel group of the dataset that this entry explains. Required.");
                Rows(text, ModelKinds.BuiltIn.Likelihoods, "");
            }

            foreach (var setting in Settings.All.Where(setting => setting.Section == path))
            {
                Row(text, setting.Key, setting.Path == "data" ? "" : setting.Write(defaults), setting.Allowed, setting.Meaning);
            }

            if (path == "training")
            {
                text.Append("\n### `training.hide`\n\nA list of rules by which observations are hidden from inference while learning, drawn anew at every turn of a trial; they add up.\n\n");
                Header(text);
                Rows(text, HidingRule.Kinds, "");
            }
        }

        return text.Append('\n').ToString();
    }

    /// <summary>The kinds of a part, and their settings with the kinds that have them.</summary>
    private static void Rows<TPart>(StringBuilder text, IReadOnlyList<TPart> kinds, string standard)
        where TPart : PartSpecification<TPart>
    {
        Row(text, ModelSections.Kind, standard, Setting.Words(kinds.Select(kind => kind.Kind)), string.Join("; ", kinds.Select(kind => $"`{kind.Kind}`: {kind.Meaning}")) + ".");
        foreach (var keys in kinds.SelectMany(kind => kind.SettingsAmong(ModelKinds.BuiltIn).Select(setting => (Kind: kind, Setting: setting))).GroupBy(one => one.Setting.Key, StringComparer.Ordinal))
        {
            var (kind, setting) = keys.First();
            var owners = keys.Count() == kinds.Count ? "" : $"({string.Join(", ", keys.Select(one => one.Kind.Kind))}) ";
            Row(text, setting.Key, setting.Write(kind), setting.Allowed, owners + setting.Meaning);
        }
    }

    private static void Header(StringBuilder text) => text.Append("| key | default | allowed | meaning |\n| --- | --- | --- | --- |\n");

    private static void Row(StringBuilder text, string key, string? value, string allowed, string meaning)
        => text.Append($"| `{key}` | {(string.IsNullOrEmpty(value) ? "" : $"`{value}`")} | {allowed} | {meaning} |\n");

    private static void AssertChanged<T>(T changed, T defaults, params string[] except)
        where T : notnull
        => AssertChanged(typeof(T), changed, defaults, except);

    private static void AssertChanged(Type type, object changed, object defaults, params string[] except)
    {
        foreach (var property in type.GetProperties(BindingFlags.Instance | BindingFlags.Public).Where(property => property.CanWrite && !except.Contains(property.Name, StringComparer.Ordinal)))
        {
            Assert.False(Equals(property.GetValue(changed), property.GetValue(defaults)), $"{type.Name}.{property.Name} has no key");
        }
    }

    private static string Root([CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", ".."));
}
