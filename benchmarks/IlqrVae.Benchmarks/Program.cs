using BenchmarkDotNet.Running;

// dotnet run -c Release --project benchmarks/IlqrVae.Benchmarks -- --filter '*Gemm*'
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
