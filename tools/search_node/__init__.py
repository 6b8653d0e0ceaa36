"""A real Elasticsearch without a container: fetched once, run for tests, CI and developers.

python -m tools.search_node [--port 9200] [--nodes 3] [--secure] [--heap 1g]
"""

from tools.search_node.java import NodeUnavailableError
from tools.search_node.nodes import Cluster, Node, NodeError, cluster
from tools.search_node.software import VERSION, SoftwareError

__all__ = ["VERSION", "Cluster", "Node", "NodeError", "NodeUnavailableError", "SoftwareError", "cluster"]
