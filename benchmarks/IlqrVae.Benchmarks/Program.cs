using System.Globalization;
using BenchmarkDotNet.Running;
using IlqrVae;
using IlqrVae.Benchmarks;

// dotnet run -c Release --project benchmarks/IlqrVae.Benchmarks -- --filter '*Gemm*'
// dotnet run -c Release --project benchmarks/IlqrVae.Benchmarks -- soak --minutes 30 --threads 2
// dotnet run -c Release --project benchmarks/IlqrVae.Benchmarks -- population m1.h5 --predict held-out --states 20 --updates 180 --members 8 --seed 1
if (args.Length > 1 && args[0] == "population")
{
    try
    {
        var study = new PopulationStudy(args[1], Text("--predict", "").Split(',', StringSplitOptions.RemoveEmptyEntries), (int)Option("--states", 20), (ulong)Option("--seed", 1), (int)Option("--updates", 180), (int)Option("--members", 8), (int)Option("--batch", 32));
        study.Run(Text("--methods", "usual,random,halving,population").Split(','), Console.WriteLine);
        return 0;
    }
    catch (InputException exception)
    {
        Console.Error.WriteLine(exception.Message);
        return 2;
    }
}

if (args.Length == 0 || args[0] != "soak")
{
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
    return 0;
}

var soak = new Soak(TimeSpan.FromMinutes(Option("--minutes", 30)), (int)Option("--threads", 2), sample => Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture, $"{sample.Minutes:F2} min\t{sample.Rounds} rounds\t{sample.Resident:F1} MB resident\t{sample.Heap:F2} MB managed\t{sample.Handles} handles\t{sample.Threads} threads")));
var growth = Soak.Growth(soak.Run());
Console.WriteLine($"{soak.LeftOut} lines of logs tell of trials left out");
Console.WriteLine(growth ?? "flat");
return growth is null ? 0 : 1;

double Option(string name, double usual) => Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? double.Parse(args[at + 1], CultureInfo.InvariantCulture) : usual;

string Text(string name, string usual) => Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : usual;
