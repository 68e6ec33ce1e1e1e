using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IlqrVae.Data;
using IlqrVae.Models.Kinds;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Fitting;
using Json.Schema;
using YamlDotNet.RepresentationModel;

namespace IlqrVae.Cli.Tests;

/// <summary>`config new`, `config check` and `config schema`.</summary>
public sealed class ConfigCommands
{
    private static readonly JsonSchema Schema = JsonSchema.FromText(ConfigurationSchema.Of(ModelKinds.BuiltIn).ToJsonString());

    /// <summary>Every configuration of the experiments and of the documentation.</summary>
    public static TheoryData<string> Configurations
    {
        get
        {
            var root = Path.GetDirectoryName(Path.GetDirectoryName(DocsPage.PathOf("json.md")))!;
            return [.. Directory.GetFiles(Path.Combine(root, "experiments"), "*.yaml", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(File.ReadAllText)
                .Concat(Directory.GetFiles(Path.Combine(root, "docs"), "*.md").Append(Path.Combine(root, "README.md")).Order(StringComparer.Ordinal)
                    .SelectMany(page => Regex.Matches(File.ReadAllText(page), "```yaml\n(?<text>.*?)```", RegexOptions.Singleline, TimeSpan.FromSeconds(5)).Select(match => match.Groups["text"].Value)))
                .Where(text => Regex.IsMatch(text, "^data:", RegexOptions.Multiline, TimeSpan.FromSeconds(5)) && !text.Contains("extensions:", StringComparison.Ordinal)),
                "data: data.h5"];
        }
    }

    [Theory]
    [MemberData(nameof(Configurations))]
    public void The_schema_takes_what_the_reader_takes(string text)
    {
        ConfigurationFile.Parse(text, "text");
        Assert.True(IsValid(text), text);
    }

    [Fact]
    public void There_are_as_many_configurations_as_there_were() => Assert.True(Configurations.Count >= 25, $"{Configurations.Count} configurations");

    [Theory]
    [InlineData("seed: 1")]
    [InlineData("data: ''")]
    [InlineData("data: d.h5\niterations: 5")]
    [InlineData("data: d.h5\nprecision: half")]
    [InlineData("data: d.h5\nmodel: {states: 0}")]
    [InlineData("data: d.h5\nmodel: {states: 4097}")]
    [InlineData("data: d.h5\nmodel: {states: 2.5}")]
    [InlineData("data: d.h5\nmodel: {dynamics: {kind: liner}}")]
    [InlineData("data: d.h5\nmodel: {dynamics: {kind: linear, hidden: 4}}")]
    [InlineData("data: d.h5\nmodel: {dynamics: {stable: true}}")]
    [InlineData("data: d.h5\nmodel: {dynamics: linear}")]
    [InlineData("data: d.h5\nmodel: {dynamics: {kind: linear, stable: 1}}")]
    [InlineData("data: d.h5\nmodel: {prior: {kind: student, degrees-of-freedom: 2}}")]
    [InlineData("data: d.h5\nmodel: {prior: {kind: laplace, width: 11}}")]
    [InlineData("data: d.h5\nmodel: {likelihoods: [{kind: poisson}]}")]
    [InlineData("data: d.h5\nmodel: {likelihoods: [{group: a, kind: gaussian, link: exp}]}")]
    [InlineData("data: d.h5\nmodel: {likelihoods: [{group: a, link: cube}]}")]
    [InlineData("data: d.h5\nmodel: {likelihoods: {group: a}}")]
    [InlineData("data: d.h5\ntraining: {learning-rate: 0}")]
    [InlineData("data: d.h5\ntraining: {validation-share: 1}")]
    [InlineData("data: d.h5\ntraining: {averaging: always}")]
    [InlineData("data: d.h5\ntraining: {averaging: 1}")]
    [InlineData("data: d.h5\ntraining: {sufficient-decrease: 0.5}")]
    [InlineData("data: d.h5\ntraining: {hide: [{of: [a]}]}")]
    [InlineData("data: d.h5\ntraining: {hide: [{kind: end, share: 0.5}]}")]
    [InlineData("data: d.h5\ntraining: {hide: [{kind: channels, share: 1}]}")]
    [InlineData("data: d.h5\ntraining: {iteration: 5}")]
    public void The_schema_refuses_what_the_reader_refuses(string text)
    {
        Assert.Throws<InputException>(() => ConfigurationFile.Parse(text, "text"));
        Assert.False(IsValid(text), text);
    }

    /// <summary>Each setting at its bounds and a little beyond: the schema and the reader say the same.</summary>
    [Fact]
    public void The_schema_knows_the_bounds_of_every_setting()
    {
        var checkedSettings = 0;
        foreach (var setting in Settings.All.Where(setting => setting.Values.Type is SettingType.Whole or SettingType.Number))
        {
            foreach (var end in (double[])[setting.Values.Range.Least, setting.Values.Range.Most])
            {
                foreach (var number in new[] { end, Math.Round(end - 0.001, 6), Math.Round(end + 0.001, 6), end - 1, end + 1 }.Where(number => double.IsFinite(number) && Math.Abs(number) < int.MaxValue))
                {
                    var text = number.ToString(System.Globalization.CultureInfo.InvariantCulture);
                    var (section, key) = (setting.Section, setting.Key);
                    var yaml = $"data: d.h5\n{(section.Length == 0 ? $"{key}: {text}" : $"{section}: {{{key}: {text}}}")}";
                    Assert.True(IsValid(yaml) == (setting.Read(new RunConfiguration(), [text]) is not null), yaml);
                    checkedSettings++;
                }
            }
        }

        Assert.True(checkedSettings > 100, $"{checkedSettings}");
    }

    [Fact]
    public void The_schema_is_written_and_explains_every_key()
    {
        using var line = new CommandLine();
        line.Must("config", "schema", "-o", "@/schema.json");
        var schema = JsonNode.Parse(File.ReadAllText(line["schema.json"]))!;
        Assert.Equal("https://json-schema.org/draft/2020-12/schema", schema["$schema"]!.GetValue<string>());
        Assert.True(MetaSchemas.Draft202012.Evaluate(JsonSerializer.SerializeToElement(schema)).IsValid);
        Assert.Contains("Arithmetic of the model", schema["properties"]!["precision"]!["description"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.True(JsonNode.DeepEquals(schema, JsonNode.Parse(line.Must("config", "schema"))));
        Assert.Equal(2, line.Run("config", "schema", "-o", "@/schema.json").ExitCode);
    }

    [Theory]
    [InlineData("maze --trials 6 --test-trials 2 --validation-trials 2 --bins 30 --bin-width 0.02 --channels 16 --conditions 3")]
    [InlineData("linear --trials 6 --bins 20 --channels 4")]
    [InlineData("lorenz --observation spikes --trials 2 --bins 600 --channels 10")]
    public void What_is_proposed_is_what_fit_tries_first_and_trains_as_it_is(string simulation)
    {
        using var line = new CommandLine();
        line.Must(["simulate", .. simulation.Split(' '), "-o", "@/data.h5"]);
        Directory.CreateDirectory(line["configurations"]);
        line.Must("config", "new", "@/data.h5", "-o", "@/configurations/config.yaml");
        var (path, recording) = (line["configurations/config.yaml"], RecordingFile.Read(line["data.h5"]));
        var first = FitLadder.Of("../data.h5", recording, new FitRequest())[0].Configuration.CompletedFor(recording);
        Assert.Empty(ConfigurationFile.Differences(first, ConfigurationFile.Parse(File.ReadAllText(path), path).CompletedFor(recording)));
        Assert.All(File.ReadLines(path), text => Assert.True(text.Length <= 140, text));

        // What is commented out are the defaults.
        var all = string.Join('\n', File.ReadLines(path).Select(text => Regex.Replace(text, "^(?<indentation> *)#(?! )", "${indentation}", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1))));
        Assert.False(string.Equals(File.ReadAllText(path).TrimEnd(), all, StringComparison.Ordinal));
        Assert.Empty(ConfigurationFile.Differences(first, ConfigurationFile.Parse(all, path).CompletedFor(recording)));
        Assert.True(IsValid(all));
        Assert.Contains("mini-gru dynamics", line.Must("config", "check", "@/configurations/config.yaml"), StringComparison.Ordinal);
        line.Must("train", "@/configurations/config.yaml", "-o", "@/run", "--set", "training.iterations=1", "--set", "model.states=4");
    }

    [Fact]
    public void Check_says_what_is_trained_and_leaves_nothing_behind()
    {
        using var line = new CommandLine();
        line.Must("simulate", "maze", "-o", "@/data.h5", "--trials", "6", "--validation-trials", "2", "--test-trials", "2", "--bins", "30", "--bin-width", "0.02", "--channels", "16", "--conditions", "3");
        line.Write("config.yaml", "data: data.h5\nmodel: {states: 5, inputs: 2}\ntraining: {iterations: 3, batch: 4, chunk: 10}\n");
        var before = line.Contents();
        var told = line.Must("config", "check", "@/config.yaml");
        Assert.Equal(before, line.Contents());
        Assert.Contains("5 states and 2 inputs, mini-gru dynamics, student prior, double precision", told, StringComparison.Ordinal);
        Assert.Contains("18 training and 6 validation trials or chunks of up to 10 bins", told, StringComparison.Ordinal);
        Assert.Contains("3 updates of 4 trials, 0.7 turns of each", told, StringComparison.Ordinal);
        Assert.Contains("automatic: training.averaging = 0.1", told, StringComparison.Ordinal);
        Assert.Contains("automatic: training.hide = [kind, groups", told.Replace("(", "", StringComparison.Ordinal), StringComparison.Ordinal);

        var planned = JsonNode.Parse(line.Must("config", "check", "@/config.yaml", "--json"))!;
        line.Must("train", "@/config.yaml", "-o", "@/run");
        Assert.Equal(JsonNode.Parse(line.Must("inspect", "@/run", "--json"))!["raw_parameters"]!.GetValue<int>(), planned["parameters"]!.GetValue<int>());
        Assert.Contains("7 states", line.Must("config", "check", "@/run", "--set", "model.states=7", "--data", "@/data.h5"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("data: data.h5\nmodel: {likelihoods: [{group: spiks}]}", "did you mean 'spikes'?")]
    [InlineData("data: data.h5\nmodel: {likelihoods: [{group: velocity, kind: poisson}]}", "config.yaml")]
    [InlineData("data: none.h5", "none.h5")]
    [InlineData("data: data.h5\ntraining: {freeze: [dynamic]}", "did you mean 'dynamics'?")]
    [InlineData("data: data.h5\ntraining: {validation-hides: [velocty]}", "did you mean 'velocity'?")]
    public void Check_refuses_what_training_refuses(string text, string mentioned)
    {
        using var line = new CommandLine();
        line.Must("simulate", "maze", "-o", "@/data.h5", "--trials", "3", "--bins", "10", "--bin-width", "0.05", "--channels", "12", "--conditions", "2");
        line.Write("config.yaml", text);
        var (check, train) = (line.Run("config", "check", "@/config.yaml"), line.Run("train", "@/config.yaml", "-o", "@/run"));
        Assert.Equal((2, 2), (check.ExitCode, train.ExitCode));
        Assert.Contains(mentioned, check.Error, StringComparison.Ordinal);
        Assert.Equal(train.Error, check.Error);
    }

    private static bool IsValid(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return Schema.Evaluate(JsonSerializer.SerializeToElement(ToJson(stream.Documents[0].RootNode))).IsValid;
    }

    /// <summary>As editors read YAML.</summary>
    private static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlMappingNode mapping => new JsonObject(mapping.Select(pair => KeyValuePair.Create(((YamlScalarNode)pair.Key).Value!, ToJson(pair.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Select(ToJson)]),
        YamlScalarNode { Style: YamlDotNet.Core.ScalarStyle.Plain, Value: var text } => text switch
        {
            null or "" or "~" or "null" => null,
            "true" => JsonValue.Create(true),
            "false" => JsonValue.Create(false),
            _ => decimal.TryParse(text, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var number) ? JsonValue.Create(number) : JsonValue.Create(text),
        },
        YamlScalarNode scalar => JsonValue.Create(scalar.Value),
        _ => throw new InvalidOperationException(),
    };
}
