using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Runs.Configuration;
using IlqrVae.Training;

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
          dynamics: {kind: residual-mlp, stable: false, input-inside-candidate: true, hidden: 9, unit-norm-inputs: true, initial-time-constant: 3.5}
          prior: {kind: gaussian, degrees-of-freedom: 5}
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
          threads: 3
          validation-interval: 0
          patience: 4
          checkpoint-interval: 0
          validation-hides: [v]
          objective: evidence
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
        foreach (var setting in Settings.All)
        {
            Assert.True(setting.Write(configuration) != setting.Write(defaults), $"{setting.Path} was not read");
        }

        var again = ConfigurationFile.Parse(ConfigurationFile.Write(configuration), "text");
        Assert.Empty(ConfigurationFile.Differences(configuration, again));
        Assert.Equal("a: b", again.Likelihoods[0].Group);
        Assert.Equal(LikelihoodKind.Gaussian, again.Likelihoods[1].Kind);
    }

    /// <summary>An option that the library gains must become a key: the records with every property changed differ from those the keys can reach.</summary>
    [Fact]
    public void Every_option_of_the_library_has_a_key()
    {
        var configuration = ConfigurationFile.Parse(Changed, "text");
        AssertChanged(configuration.Model.Dynamics, new DynamicsSpecification());
        AssertChanged(configuration.Model.Prior, new PriorSpecification());
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
            foreach (var setting in Settings.All.Where(setting => setting.Section == path))
            {
                Row(text, setting.Key, setting.Path == "data" ? "" : setting.Write(defaults), setting.Allowed, setting.Meaning);
            }

            if (path == "model.prior")
            {
                text.Append("\n### `model.likelihoods`\n\nA list with one entry for each channel group to explain; left out, every group is explained.\n\n");
                Header(text);
                foreach (var setting in Settings.Likelihood)
                {
                    Row(text, setting.Key, setting.Path == "group" ? "" : setting.Write(new LikelihoodConfiguration()), setting.Allowed, setting.Meaning);
                }
            }
        }

        return text.Append('\n').ToString();
    }

    private static void Header(StringBuilder text) => text.Append("| key | default | allowed | meaning |\n| --- | --- | --- | --- |\n");

    private static void Row(StringBuilder text, string key, string? value, string allowed, string meaning)
        => text.Append($"| `{key}` | {(string.IsNullOrEmpty(value) ? "" : $"`{value}`")} | {allowed} | {meaning} |\n");

    private static void AssertChanged<T>(T changed, T defaults, params string[] except)
    {
        foreach (var property in typeof(T).GetProperties(BindingFlags.Instance | BindingFlags.Public).Where(property => property.CanWrite && !except.Contains(property.Name)))
        {
            Assert.False(Equals(property.GetValue(changed), property.GetValue(defaults)), $"{typeof(T).Name}.{property.Name} has no key");
        }
    }

    private static string Root([CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", ".."));
}
