using IlqrVae.Data;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Scores;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Runs.Tests.Examples;

/// <summary>The program of docs/library.md.</summary>
internal static class TenLines
{
    public static void Run(string[] args)
    {
        var (data, run) = (args[0], new RunFolder(args[1]));
        var recording = RecordingFile.Read(data);
        var configuration = new RunConfiguration { Data = data, Model = new() { States = 8, Inputs = 2 }, Training = new() { Iterations = 200 } };
        TrainingSession.Run(configuration, recording, run);
        var found = InferenceSession.Run(run.Root, data, recording, new InferenceRequest { Split = "test" });
        PosteriorFile.Write(Path.Combine(run.Root, "posterior.h5"), found.Description, found.Trials, found.Estimates, found.Hidden);
        Console.WriteLine($"log evidence {EvaluationReport.Of(found).LogEvidence:0.000} nats per observed entry");
    }
}
