using IlqrVae.Models.Dynamics;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Runs.Configuration;
using IlqrVae.Training.Hiding;

namespace IlqrVae.Cli.Tests;

/// <summary>--set: keys of a configuration from the command line, by the file's own reader.</summary>
public sealed class SetOptions
{
    private const string Text =
        """
        data: d.h5
        model:
          dynamics: &part {kind: mini-gru}
          likelihoods:
            - {group: spikes, kind: poisson}
            - {group: "a.b[0]", kind: gaussian}
        training:
          hide:
            - {kind: groups, of: ["a.b[0]"]}
            - {kind: end, bins: 3}
        """;

    [Fact]
    public void Keys_sections_lists_and_entries_are_set()
    {
        var configuration = Parse(
            "training.iterations=500", "seed = 7", "model.dynamics.kind=linear", "model.dynamics.stable=false", "posterior={input-deviation: 0.5}",
            "model.likelihoods[spikes].link=softplus", "model.likelihoods[a.b[0]].kind=poisson", "model.likelihoods[1].gain=true", "model.likelihoods[1].link=softplus",
            "training.hide[end].bins=9", "training.hide[0].of=[spikes, 'a.b[0]']", "training.validation-hides=[spikes]", "training.start-from=runs/a: b = c");
        Assert.Equal((500, 7UL, 0.5), (configuration.Training.Iterations, configuration.Seed, configuration.InputDeviation));
        Assert.False(Assert.IsType<LinearSpecification>(configuration.Model.Dynamics).Stable);
        var likelihoods = configuration.Model.Likelihoods.Cast<PoissonSpecification>().ToList();
        Assert.Equal(["spikes", "a.b[0]"], likelihoods.Select(one => one.Group).ToArray());
        Assert.Equal([Models.Likelihoods.Link.Softplus, Models.Likelihoods.Link.Softplus], likelihoods.Select(one => one.Link));
        Assert.Equal([false, true], likelihoods.Select(one => one.Gain));
        Assert.Equal(9, Assert.IsType<EndHiding>(configuration.Training.Hide![1]).Bins);
        Assert.Equal(["spikes", "a.b[0]"], configuration.Training.Hide[0].Of);
        Assert.Equal(["spikes"], configuration.Training.ValidationHides);
        Assert.Equal(Path.GetFullPath("runs/a: b = c"), configuration.StartFrom);
    }

    [Fact]
    public void A_list_is_replaced_and_what_is_not_set_stays()
    {
        var configuration = Parse("model.likelihoods=[{group: velocity}]", "training.hide=[]");
        Assert.Equal(["velocity"], configuration.Model.Likelihoods.Select(one => one.Group).ToArray());
        Assert.Empty(configuration.Training.Hide!);
        Assert.IsType<MiniGruSpecification>(configuration.Model.Dynamics);
        Assert.Equal("d.h5", configuration.Data);
    }

    [Fact]
    public void An_alias_elsewhere_is_not_changed_with_it()
    {
        var configuration = ConfigurationFile.Parse(
            "data: d.h5\nmodel: {likelihoods: [&one {group: a, link: softplus}, {group: b, link: exp}]}\ntraining: {hide: [&rule {kind: end, bins: 3}, *rule]}\n", "text", changes: ["training.hide[0].bins=4"]);
        Assert.Equal([4, 3], configuration.Training.Hide!.Cast<EndHiding>().Select(rule => (int)rule.Bins));
    }

    [Theory]
    [InlineData("training.iteratons=5", "--set training.iteratons=5: there is no key 'iteratons' in 'training'; did you mean 'iterations'?")]
    [InlineData("trainig.iterations=5", "--set trainig.iterations=5: there is no key 'trainig'; did you mean 'training'?")]
    [InlineData("training.iterations=-5", "--set training.iterations=-5: 'training.iterations' is '-5'; give a whole number from 1.")]
    [InlineData("training.iterations", "write it as KEY=VALUE")]
    [InlineData("=5", "write it as KEY=VALUE")]
    [InlineData("training..iterations=5", "write it as KEY=VALUE")]
    [InlineData("model.likelihoods[spikes=5", "a bracket is not closed")]
    [InlineData("model.likelihoods[spikse].link=exp", "there is no entry 'spikse' of 'model.likelihoods'; did you mean 'spikes'?")]
    [InlineData("model.likelihoods[2].link=exp", "there is no entry 2 of 'model.likelihoods'; text has 2")]
    [InlineData("model.likelihoods.link=exp", "is no section but a list")]
    [InlineData("training.validation-hides[0].x=5", "no list 'training.validation-hides'")]
    [InlineData("model.dynamics.kind=liner", "'model.dynamics.kind' is 'liner'; did you mean 'linear'?")]
    [InlineData("model.dynamics.hidden=4", "is a key of 'residual-mlp', not of 'mini-gru'")]
    [InlineData("data.x=5", "'data' is no section in text")]
    [InlineData("training=5", "'training' is a section")]
    [InlineData("training.hide=[{kind: end", "not valid YAML")]
    [InlineData("training.hide=[{kind: end}]]", "not valid YAML")]
    public void What_is_wrong_is_refused_with_the_option(string change, string message)
    {
        var error = Assert.Throws<InputException>(() => Parse(change)).Message;
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.StartsWith("--set ", error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error);
    }

    [Fact]
    public void Mistakes_of_the_file_are_told_by_its_lines()
        => Assert.Contains("text, line 2: 'model.dynamics.kind' is 'x'", Assert.Throws<InputException>(
            () => ConfigurationFile.Parse("data: d.h5\nmodel: {dynamics: {kind: x}}\n", "text", changes: ["model.dynamics.stable=true"])).Message, StringComparison.Ordinal);

    [Fact]
    public void Training_writes_what_was_set_and_resumes_by_it()
    {
        using var line = new CommandLine();
        line.Must("simulate", "linear", "-o", "@/data.h5", "--trials", "4", "--validation-trials", "2", "--bins", "12", "--channels", "5");
        line.Write("config.yaml", "data: other.h5\nmodel: {states: 3, inputs: 2}\ntraining: {iterations: 2}\n");
        line.Must("train", "@/config.yaml", "-o", "@/run", "--set", "data=@/data.h5", "--set", "model.dynamics.kind=linear", "--set", "training.iterations=3");
        var kept = ConfigurationFile.Read(line["run/config.yaml"]);
        Assert.IsType<LinearSpecification>(kept.Model.Dynamics);
        Assert.Equal(3, kept.Training.Iterations);
        line.Must("train", "@/run", "--resume", "--set", "training.iterations=4");
        Assert.Equal(4, ConfigurationFile.Read(line["run/config.yaml"]).Training.Iterations);
        var refused = line.Run("train", "@/run", "--resume", "--set", "model.states=4");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("'model.states'", refused.Error, StringComparison.Ordinal);
    }

    private static RunConfiguration Parse(params string[] changes) => ConfigurationFile.Parse(Text, "text", changes: changes);
}
