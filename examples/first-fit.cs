#:project ../src/IlqrVae.Runs/IlqrVae.Runs.csproj
#:property PublishAot=false

// A first fit, in one file: simulates spikes of a Lorenz system, learns a model of them, and infers what happened in held-out trials.
//
//     dotnet run -c Release examples/first-fit.cs
//
// In a folder of your own, the first line becomes `#:package IlqrVae.Runs@*-*`, and `#:property TieredCompilation=false` keeps the bits of every run the same.
using IlqrVae.Data;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Scores;
using IlqrVae.Runs.Sessions;
using IlqrVae.Simulation;

var folder = Directory.CreateTempSubdirectory("first-fit-").FullName;
var data = Path.Combine(folder, "data.h5");

// 24 trials of 60 bins, seen through the spikes of 30 neurons; 6 are kept for testing.
var recording = Simulations.Lorenz(LorenzOptions.Spiking with { Trials = 24, ValidationTrials = 0, TestTrials = 6, Bins = 60, Channels = 30 });
RecordingFile.Write(data, recording);

var configuration = new RunConfiguration { Data = data, Model = new() { States = 6, Inputs = 3 }, Training = new() { Iterations = 60 } };
var run = new RunFolder(Path.Combine(folder, "run"));
TrainingSession.Run(configuration, recording, run);

var found = InferenceSession.Run(run.Root, data, recording, new InferenceRequest { Split = "test" });
PosteriorFile.Write(Path.Combine(folder, "posterior.h5"), found.Description, found.Trials, found.Estimates, found.Hidden);
Console.WriteLine($"log evidence {EvaluationReport.Of(found).LogEvidence:0.000} nats per observed entry");
Console.WriteLine($"model and posterior are in {folder}");
