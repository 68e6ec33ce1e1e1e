using IlqrVae.Data;
using IlqrVae.Recordings;
using IlqrVae.Reports.Html;
using IlqrVae.Reports.Panels;
using IlqrVae.Runs.Scores;
using IlqrVae.Runs.Sweeps;
using IlqrVae.Simulation;

namespace IlqrVae.Reports.Tests;

/// <summary>Runs side by side, and what a sweep found, on a page.</summary>
public sealed class Comparisons : IDisposable
{
    private static readonly Recording Data = Simulations.Linear(new LinearOptions { States = 3, Inputs = 2, Channels = 5, Trials = 6, ValidationTrials = 3, TestTrials = 0, Bins = 12, Seed = 4 });

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ilqr-vae-comparisons-");

    private string this[string name] => Path.Combine(_folder.FullName, name);

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Runs_have_their_settings_scores_and_curves()
    {
        using var one = Learned.Of(Data, Learned.Linear(2));
        using var other = Learned.Of(Data, Learned.Linear(3), iterations: 6);
        var report = ComparisonReport.Create(new RunComparison([RunComparison.Read(one.Folder), RunComparison.Read(other.Folder)]));
        Sound.Check(report);
        Assert.Contains(report.Sections.First(section => section.Name == "settings").Tables[0].Rows, row => string.Join(' ', row) == "model.states 2 3");
        var curves = report.Sections.First(section => section.Name == "learning").Panels;
        Assert.Equal("Validation against iterations, Validation against minutes", string.Join(", ", curves.Select(panel => panel.Title)));
        Assert.Equal([4, 6], curves[0].Marks.Cast<LineMark>().Select(line => line.X.Count));
        HtmlReport.Write(report, this["compared.html"]);
        Assert.Contains("model.states", File.ReadAllText(this["compared.html"]), StringComparison.Ordinal);

        // Of the same settings, and of models without their histories, it says so.
        File.Delete(Path.Combine(one.Folder, "history.csv"));
        var same = ComparisonReport.Create(new RunComparison([RunComparison.Read(one.Folder), RunComparison.Read(one.Folder)]));
        Sound.Check(same);
        Assert.Equal(("The settings are the same.", 0), (same.Sections.First(section => section.Name == "settings").Words, same.Sections.First(section => section.Name == "learning").Panels.Count));
    }

    [Fact]
    public void A_sweep_shows_what_each_setting_does()
    {
        RecordingFile.Write(this["data.h5"], Data);
        File.WriteAllText(this["config.yaml"], "data: data.h5\nmodel: {states: 3, inputs: 2, dynamics: {kind: linear}}\ntraining: {iterations: 4, validation-interval: 1}\n");
        var plan = SweepFile.Parse($"config: {this["config.yaml"]}\nsearch: halving\npoints: 4\nrungs: 2\nhalve-by: 2\nseeds: 2\nkeys: {{training.learning-rate: {{from: 0.01, to: 0.2, scale: log}}, model.prior.kind: [student, gaussian]}}", "sweep.yaml");
        var outcome = SweepSession.Run(plan, "sweep.yaml", new SweepFolder(this["sweep"]), new SweepRequest { Threads = 1 }, RecordingFile.Read, null, null, TestContext.Current.CancellationToken);
        var report = ComparisonReport.Create(outcome);
        Sound.Check(report);
        var table = report.Sections.First(section => section.Name == "points").Tables[0];
        Assert.Equal((4, $"{outcome.Ranked[0].Point.Number}"), (table.Rows.Count, table.Rows[0][0]));
        var panels = report.Sections.First(section => section.Name == "keys").Panels;
        Assert.Equal("training.learning-rate, model.prior.kind", string.Join(", ", panels.Select(panel => panel.Title)));
        Assert.True(panels[0].X.Logarithmic);
        Assert.Equal("student, gaussian", string.Join(", ", panels[1].X.Ticks!.Select(tick => tick.Label)));
        var ended = panels[1].Marks.Cast<PointMark>().ToList();
        Assert.Equal([2, 2], ended.Select(mark => mark.X.Count));
        Assert.All(ended.SelectMany(mark => mark.X), x => Assert.True(x is 0 or 1));
        Assert.Equal(-outcome.Ranked[0].Loss, ended[0].Y.Max());
        Assert.All(ended, mark => Assert.All(mark.Errors!, error => Assert.True(error > 0)));
        Assert.Equal(4, ((LineMark)report.Sections.First(section => section.Name == "learning").Panels[0].Marks[0]).X.Count);
        HtmlReport.Write(report, this["sweep.html"]);
    }
}
